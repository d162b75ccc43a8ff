// SPDX-License-Identifier: Apache-2.0
#include "pipeline/queue_metrics.h"

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>

namespace spandrel::pipeline {
namespace {

// A counter of the signal's items: `name` has a place for what they are called.
base::Counter& CounterOf(const ComponentContext& context, signal::Signal signal, const char* name,
                         base::MetricLabels more = {}) {
  base::MetricLabels labels = {{"exporter", context.id}};
  labels.insert(labels.end(), more.begin(), more.end());
  return context.metrics.AddCounter(fmt::format(fmt::runtime(name), signal::ItemsName(signal)),
                                    std::move(labels));
}

base::Health HealthOf(const QueueMetrics::Levels& levels) {
  if (levels.is_full) return {base::HealthLevel::kRefusing, "the sending queue is full"};
  if (levels.is_failing) {
    return {base::HealthLevel::kDegraded, "the peer does not answer, batches are sent again"};
  }
  return {};
}

}  // namespace

const char* DropReasonName(DropReason reason) {
  static constexpr std::array<const char*, 4> kNames = {"refused", "retry_disabled",
                                                        "max_elapsed_time", "shutdown"};
  return kNames[static_cast<size_t>(reason)];
}

QueueMetrics::QueueMetrics(const ComponentContext& context, signal::Signal signal,
                           const QueueOptions& options)
    : sent(CounterOf(context, signal, "otelcol_exporter_sent_{}")),
      send_failed(CounterOf(context, signal, "otelcol_exporter_send_failed_{}")),
      enqueue_failed(CounterOf(context, signal, "otelcol_exporter_enqueue_failed_{}")) {
  for (size_t i = 0; i < dropped.size(); ++i) {
    dropped[i] = &CounterOf(context, signal, "spandrel_exporter_dropped_{}_total",
                            {{"reason", DropReasonName(static_cast<DropReason>(i))}});
  }
  const auto gauge = [&](const char* name, std::function<double()> read) {
    gauges.push_back(context.metrics.AddGauge(
        name, {{"data_type", std::string(signal::SignalName(signal))}, {"exporter", context.id}},
        std::move(read)));
  };
  if (context.health != nullptr) {
    const std::string name =
        fmt::format("exporter {} ({})", context.id, signal::SignalName(signal));
    health = context.health->Add(name, [levels = levels] { return HealthOf(*levels); });
  }
  gauge("otelcol_exporter_in_flight_requests",
        [levels = levels] { return static_cast<double>(levels->in_flight.load()); });
  if (!options.enabled) return;
  gauge("otelcol_exporter_queue_size",
        [levels = levels] { return static_cast<double>(levels->queue_size.load()); });
  gauge("otelcol_exporter_queue_capacity",
        [capacity = options.queue_size] { return static_cast<double>(capacity); });
}

}  // namespace spandrel::pipeline
