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
  const char* help;
};

constexpr FigureGauge kFigureGauges[] = {
    {"spandrel_store_parts", "parts", "Sealed parts."},
    {"spandrel_store_part_bytes", "part_bytes", "Bytes of sealed parts."},
    {"spandrel_store_part_spans", "part_spans", "Spans in sealed parts."},
    {"spandrel_store_log_bytes", "log_bytes", "Bytes of log files."},
    {"spandrel_store_head_bytes", "head_bytes", "Bytes in memory that are not sealed yet."},
    {"spandrel_store_head_spans", "head_spans", "Spans in memory that are not sealed yet."},
};

constexpr double kNanosPerSecond = 1e9;

}  // namespace

std::vector<std::shared_ptr<void>> AddStoreGauges(base::MetricRegistry& metrics,
                                                  const EngineOptions& options,
                                                  std::function<storage::StoreStats()> stats) {
  std::vector<std::shared_ptr<void>> gauges;
  const auto add = [&](const char* name, const char* help, std::function<double()> read) {
    gauges.push_back(
        metrics.AddGauge(name, help, {{"directory", options.directory}}, std::move(read)));
  };
  const auto add_setting = [&](const char* name, const char* help, double value) {
    add(name, help, [value] { return value; });
  };
  using Time = std::optional<uint64_t> storage::StoreStats::*;
  const auto add_time = [&](const char* name, const char* help, Time time) {
    add(name, help, [stats, time] {
      return static_cast<double>((stats().*time).value_or(0)) / kNanosPerSecond;
    });
  };
  add("spandrel_store_spans", "Spans in the store.",
      [stats] { return static_cast<double>(stats().spans); });
  add("spandrel_store_disk_bytes", "Bytes of parts and log files.",
      [stats] { return static_cast<double>(stats().disk_bytes); });
  for (const FigureGauge& gauge : kFigureGauges) {
    add(gauge.name, gauge.help, [stats, figure = gauge.figure] {
      return static_cast<double>(stats().Figure(figure).value_or(0));
    });
  }
  add_time("spandrel_store_oldest_start_seconds", "Start of the oldest span in a part; 0: none.",
           &storage::StoreStats::oldest_start_unix_nano);
  add_time("spandrel_store_newest_start_seconds", "Start of the newest span in a part; 0: none.",
           &storage::StoreStats::newest_start_unix_nano);
  add("spandrel_store_free_disk_bytes", "Bytes that are free where the store is.",
      [directory = options.directory] { return static_cast<double>(FreeDiskBytes(directory)); });
  add_setting("spandrel_store_max_age_seconds", "Retention: spans may be so old; 0: no limit.",
              static_cast<double>(options.max_age.count()));
  add_setting("spandrel_store_max_bytes", "Retention: parts may be so large; 0: no limit.",
              static_cast<double>(options.max_bytes));
  add_setting("spandrel_store_min_free_bytes", "Retention: so much of the disk is kept free.",
              static_cast<double>(MinFreeBytes(options, options.directory)));
  gauges.push_back(metrics.AddGauge(
      "spandrel_store_durability", "When a span is acknowledged: 1 at the mode that is set.",
      {{"directory", options.directory}, {"mode", std::string(DurabilityName(options.durability))}},
      [] { return 1.0; }));
  return gauges;
}

}  // namespace spandrel::columnar
