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

#include "base/metric_table.h"
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

// The process's own metrics, in the Prometheus text format and by name. What they are called and
// mean is in MetricTable(): a name or label that is not there, or in another order, ends the
// process. Values of labels are made at start-up from configuration, never from data that came in.
// Thread-safe; counters live as long as the registry.
class MetricRegistry {
 public:
  MetricRegistry() : MetricRegistry(MetricTable()) {}
  // With metrics of another table, for tests of what is not a metric of ours. Ordered by name;
  // outlives the registry.
  explicit MetricRegistry(MetricEntries table) : table_(table) {}

  // The counter of that name and labels, made when it is asked for the first time.
  Counter& AddCounter(std::string_view name, MetricLabels labels = {});

  // A number that is kept elsewhere (a gauge, or a counter of the system's) and read by calling
  // `read`, from any thread, whenever the metrics are asked for. It disappears when the returned
  // handle is destroyed: `read` is not running then and never runs again. `read` must not call the
  // registry.
  [[nodiscard]] std::shared_ptr<void> AddGauge(std::string_view name, MetricLabels labels,
                                               std::function<double()> read);

  std::vector<MetricSample> Collect() const;

  // Text exposition format 0.0.4.
  std::string RenderPrometheus() const;

 private:
  struct Gauge {
    MetricLabels labels;
    std::function<double()> read;  // empty once the handle is gone; guarded by mutex_
  };
  struct Family {
    const MetricEntry* entry = nullptr;
    std::map<MetricLabels, std::unique_ptr<Counter>> counters;
    std::vector<std::shared_ptr<Gauge>> gauges;
  };

  Family& FamilyOf(std::string_view name, const MetricLabels& labels) SPANDREL_REQUIRES(*mutex_);

  const MetricEntries table_;
  // Shared with the gauges' handles, which may outlive the registry.
  const std::shared_ptr<Mutex> mutex_ = std::make_shared<Mutex>();
  std::map<std::string_view, Family> families_ SPANDREL_GUARDED_BY(*mutex_);
};

}  // namespace spandrel::base
