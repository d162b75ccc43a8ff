// SPDX-License-Identifier: Apache-2.0
#include "pipeline/queue_metrics.h"

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>

namespace spandrel::pipeline {
namespace {

std::string Capitalized(std::string_view words) {
  std::string text(words);
  text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// A counter of the signal's items: `name` and `help` have a place for what they are called.
base::Counter& CounterOf(const ComponentContext& context, signal::Signal signal, const char* name,
                         const char* help, base::MetricLabels more = {}) {
  base::MetricLabels labels = {{"exporter", context.id}};
  labels.insert(labels.end(), more.begin(), more.end());
  return context.metrics.AddCounter(
      fmt::format(fmt::runtime(name), signal::ItemsName(signal)),
      fmt::format(fmt::runtime(help), Capitalized(signal::ItemsWords(signal))), std::move(labels));
}

}  // namespace

const char* DropReasonName(DropReason reason) {
  static constexpr std::array<const char*, 4> kNames = {"refused", "retry_disabled",
                                                        "max_elapsed_time", "shutdown"};
  return kNames[static_cast<size_t>(reason)];
}

QueueMetrics::QueueMetrics(const ComponentContext& context, signal::Signal signal,
                           const QueueOptions& options)
    : sent(CounterOf(context, signal, "otelcol_exporter_sent_{}",
                     "{} that the destination has taken.")),
      send_failed(CounterOf(context, signal, "otelcol_exporter_send_failed_{}",
                            "{} that the destination has not taken, after all attempts.")),
      enqueue_failed(CounterOf(context, signal, "otelcol_exporter_enqueue_failed_{}",
                               "{} refused because the sending queue was full or closed; their "
                               "sender was told.")) {
  for (size_t i = 0; i < dropped.size(); ++i) {
    dropped[i] = &CounterOf(context, signal, "spandrel_exporter_dropped_{}",
                            "{} that were acknowledged and lost, by reason; part of send_failed.",
                            {{"reason", DropReasonName(static_cast<DropReason>(i))}});
  }
  const auto gauge = [&](const char* name, const char* help, std::function<double()> read) {
    gauges.push_back(context.metrics.AddGauge(
        name, help,
        {{"data_type", std::string(signal::SignalName(signal))}, {"exporter", context.id}},
        std::move(read)));
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
