// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace spandrel::base {

// A number that only grows. Thread-safe.
class Counter {
 public:
  void Add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// One value of one metric as it stands now.
struct MetricSample {
  std::string name;
  MetricLabels labels;
  double value = 0;
};

// The process's own metrics, in the Prometheus text format and by name. Names follow the
// OpenTelemetry Collector (`otelcol_receiver_accepted_spans`), so that its dashboards work; ours
// start with `spandrel_`. Label sets are made at start-up from configuration, never from data that
// came in. Thread-safe; counters live as long as the registry.
class MetricRegistry {
 public:
  // The counter of that name and labels, made when it is asked for the first time.
  Counter& AddCounter(std::string_view name, std::string_view help, MetricLabels labels = {});

  // A gauge read by calling `read`, from any thread, whenever the metrics are asked for. The gauge
  // disappears when the returned handle is destroyed: `read` is not running then and never runs
  // again. `read` must not call the registry.
  [[nodiscard]] std::shared_ptr<void> AddGauge(std::string_view name, std::string_view help,
                                               MetricLabels labels, std::function<double()> read);

  std::vector<MetricSample> Collect() const;

  // Text exposition format 0.0.4.
  std::string RenderPrometheus() const;

 private:
  struct Gauge {
    MetricLabels labels;
    std::function<double()> read;  // empty once the handle is gone; guarded by mutex_
  };
  struct Family {
    std::string help;
    bool is_counter = false;
    std::map<MetricLabels, std::unique_ptr<Counter>> counters;
    std::vector<std::shared_ptr<Gauge>> gauges;
  };

  // Shared with the gauges' handles, which may outlive the registry.
  const std::shared_ptr<Mutex> mutex_ = std::make_shared<Mutex>();
  std::map<std::string, Family, std::less<>> families_ SPANDREL_GUARDED_BY(*mutex_);
};

}  // namespace spandrel::base
