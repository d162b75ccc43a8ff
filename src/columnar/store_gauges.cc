// SPDX-License-Identifier: Apache-2.0
#include "columnar/store_gauges.h"

#include <optional>
#include <string>
#include <utility>

#include "columnar/compaction/retention.h"

namespace spandrel::columnar {
namespace {

struct FigureGauge {
  const char* name;
  const char* figure;  // of StoreStats::figures
};

constexpr FigureGauge kFigureGauges[] = {
    {"spandrel_store_parts", "parts"},           {"spandrel_store_part_bytes", "part_bytes"},
    {"spandrel_store_part_spans", "part_spans"}, {"spandrel_store_log_bytes", "log_bytes"},
    {"spandrel_store_head_bytes", "head_bytes"}, {"spandrel_store_head_spans", "head_spans"},
};

constexpr double kNanosPerSecond = 1e9;

}  // namespace

std::vector<std::shared_ptr<void>> AddStoreGauges(base::MetricRegistry& metrics,
                                                  const EngineOptions& options,
                                                  std::function<storage::StoreStats()> stats) {
  std::vector<std::shared_ptr<void>> gauges;
  const auto add = [&](const char* name, std::function<double()> read) {
    gauges.push_back(metrics.AddGauge(name, {{"directory", options.directory}}, std::move(read)));
  };
  const auto add_setting = [&](const char* name, double value) {
    add(name, [value] { return value; });
  };
  using Time = std::optional<uint64_t> storage::StoreStats::*;
  const auto add_time = [&](const char* name, Time time) {
    add(name, [stats, time] {
      return static_cast<double>((stats().*time).value_or(0)) / kNanosPerSecond;
    });
  };
  add("spandrel_store_spans", [stats] { return static_cast<double>(stats().spans); });
  add("spandrel_store_disk_bytes", [stats] { return static_cast<double>(stats().disk_bytes); });
  for (const FigureGauge& gauge : kFigureGauges) {
    add(gauge.name, [stats, figure = gauge.figure] {
      return static_cast<double>(stats().Figure(figure).value_or(0));
    });
  }
  add_time("spandrel_store_oldest_start_seconds", &storage::StoreStats::oldest_start_unix_nano);
  add_time("spandrel_store_newest_start_seconds", &storage::StoreStats::newest_start_unix_nano);
  add("spandrel_store_free_disk_bytes",
      [directory = options.directory] { return static_cast<double>(FreeDiskBytes(directory)); });
  add_setting("spandrel_store_max_age_seconds", static_cast<double>(options.max_age.count()));
  add_setting("spandrel_store_max_bytes", static_cast<double>(options.max_bytes));
  add_setting("spandrel_store_min_free_bytes",
              static_cast<double>(MinFreeBytes(options, options.directory)));
  gauges.push_back(metrics.AddGauge(
      "spandrel_store_durability",
      {{"directory", options.directory}, {"mode", std::string(DurabilityName(options.durability))}},
      [] { return 1.0; }));
  return gauges;
}

}  // namespace spandrel::columnar
