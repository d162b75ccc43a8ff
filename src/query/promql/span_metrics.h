// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

// The metrics that are made of the spans in a store, with the names, labels and bounds that
// Grafana Tempo's metrics generator gives them.
namespace spandrel::query {

enum class MetricFamily : uint8_t {
  kSpans,  // traces_spanmetrics_*: every span
  kCalls,  // traces_service_graph_*: calls between services
};

// What of what is counted a metric is.
enum class MetricPart : uint8_t { kTotal, kFailed, kBucket, kSum, kCount, kNative };

inline constexpr size_t kServerSide = 0;  // the only one of kSpans
inline constexpr size_t kClientSide = 1;

struct SpanMetric {
  std::string_view name;
  MetricFamily family;
  MetricPart part;
  size_t side;  // whose durations, kServerSide or kClientSide
  std::string_view help;
};

// By name.
std::span<const SpanMetric> AllSpanMetrics();
// A metric itself, not one of the series that a classic histogram is made of.
bool IsWholeMetric(const SpanMetric& metric);
// "counter", "histogram".
std::string_view TypeOf(const SpanMetric& metric);
// Those that its series have beside the name and `le`, by name.
const std::vector<std::string_view>& LabelsOf(MetricFamily family);
// Upper bounds of the buckets of a classic histogram, in nanoseconds; the last bucket has none.
std::span<const uint64_t> BoundsOf(MetricFamily family);
// The label `le`, in seconds; of the bucket behind the last bound "+Inf".
std::string_view BoundText(MetricFamily family, size_t bucket);

}  // namespace spandrel::query
