// SPDX-License-Identifier: Apache-2.0
#include "pipeline/queue_metrics.h"

#include <functional>
#include <utility>

namespace spandrel::pipeline {

const char* DropReasonName(DropReason reason) {
  static constexpr std::array<const char*, 4> kNames = {"refused", "retry_disabled",
                                                        "max_elapsed_time", "shutdown"};
  return kNames[static_cast<size_t>(reason)];
}

QueueMetrics::QueueMetrics(const ComponentContext& context, const QueueOptions& options)
    : sent(context.metrics.AddCounter("otelcol_exporter_sent_spans",
                                      "Spans that the destination has taken.",
                                      {{"exporter", context.id}})),
      send_failed(context.metrics.AddCounter(
          "otelcol_exporter_send_failed_spans",
          "Spans that the destination has not taken, after all attempts.",
          {{"exporter", context.id}})),
      enqueue_failed(context.metrics.AddCounter(
          "otelcol_exporter_enqueue_failed_spans",
          "Spans refused because the sending queue was full or closed; their sender was told.",
          {{"exporter", context.id}})) {
  for (size_t i = 0; i < dropped.size(); ++i) {
    dropped[i] = &context.metrics.AddCounter(
        "spandrel_exporter_dropped_spans",
        "Acknowledged spans that were lost, by reason; part of send_failed.",
        {{"exporter", context.id}, {"reason", DropReasonName(static_cast<DropReason>(i))}});
  }
  const auto gauge = [&](const char* name, const char* help, std::function<double()> read) {
    gauges.push_back(context.metrics.AddGauge(
        name, help, {{"data_type", "traces"}, {"exporter", context.id}}, std::move(read)));
  };
  gauge("otelcol_exporter_in_flight_requests", "Batches being sent now.",
        [levels = levels] { return static_cast<double>(levels->in_flight.load()); });
  if (!options.enabled) return;
  gauge("otelcol_exporter_queue_size", "What is in the sending queue, in units of its sizer.",
        [levels = levels] { return static_cast<double>(levels->queue_size.load()); });
  gauge("otelcol_exporter_queue_capacity", "What fits into the sending queue.",
        [capacity = options.queue_size] { return static_cast<double>(capacity); });
}

}  // namespace spandrel::pipeline
