// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace spandrel::base {

enum class MetricKind : uint8_t {
  kCounter,  // only grows while the process lives
  kGauge,
};

// What it means to an operator when a metric is not zero, or grows.
enum class MetricSeverity : uint8_t {
  kNormal,   // how much there is or was done, and what is set
  kRefused,  // something was not taken; who sent it was told and still has it, or sent what is
             // wrong
  kFault,    // something failed here or at the other end, and was tried again or got around
  kLoss,     // what was acknowledged, or is not sent again, is gone
};

// What a metric is. All texts live for ever.
struct MetricEntry {
  std::string_view name;
  MetricKind kind = MetricKind::kCounter;
  MetricSeverity severity = MetricSeverity::kNormal;
  std::string_view labels;  // the names of all its labels, with commas between: "exporter,reason"
  std::string_view help;    // a sentence; says the unit where the name does not
};

using MetricEntries = std::span<const MetricEntry>;

// Every metric that a process of ours may have, by name. The one place where a metric is described:
// modules name theirs, and `spandrel metrics` prints docs/guide/metrics.md of it.
MetricEntries MetricTable();

// The row of that name in a table that is ordered by name; null: there is none.
const MetricEntry* FindMetric(MetricEntries table, std::string_view name);

std::string_view MetricKindName(MetricKind kind);              // "counter", "gauge"
std::string_view MetricSeverityName(MetricSeverity severity);  // "normal", "refused", ...

// The table as a page in Markdown.
std::string MetricPage(MetricEntries table);

}  // namespace spandrel::base
