// SPDX-License-Identifier: Apache-2.0
#include "query/promql/span_metrics.h"

#include <fmt/format.h>

#include <string>

namespace spandrel::query {
namespace {

constexpr MetricFamily kSpans = MetricFamily::kSpans;
constexpr MetricFamily kCalls = MetricFamily::kCalls;

constexpr std::string_view kClientSeconds = "Duration of calls as their clients saw it.";
constexpr std::string_view kServerSeconds = "Duration of calls as their servers saw it.";
constexpr std::string_view kLatency = "Duration of spans.";

constexpr std::array<SpanMetric, 15> kMetrics = {{
    {"traces_service_graph_request_client_seconds", kCalls, MetricPart::kNative, kClientSide,
     kClientSeconds},
    {"traces_service_graph_request_client_seconds_bucket", kCalls, MetricPart::kBucket, kClientSide,
     kClientSeconds},
    {"traces_service_graph_request_client_seconds_count", kCalls, MetricPart::kCount, kClientSide,
     kClientSeconds},
    {"traces_service_graph_request_client_seconds_sum", kCalls, MetricPart::kSum, kClientSide,
     kClientSeconds},
    {"traces_service_graph_request_failed_total", kCalls, MetricPart::kFailed, kServerSide,
     "Calls between services of which either span has the status error."},
    {"traces_service_graph_request_server_seconds", kCalls, MetricPart::kNative, kServerSide,
     kServerSeconds},
    {"traces_service_graph_request_server_seconds_bucket", kCalls, MetricPart::kBucket, kServerSide,
     kServerSeconds},
    {"traces_service_graph_request_server_seconds_count", kCalls, MetricPart::kCount, kServerSide,
     kServerSeconds},
    {"traces_service_graph_request_server_seconds_sum", kCalls, MetricPart::kSum, kServerSide,
     kServerSeconds},
    {"traces_service_graph_request_total", kCalls, MetricPart::kTotal, kServerSide,
     "Calls between services."},
    {"traces_spanmetrics_calls_total", kSpans, MetricPart::kTotal, kServerSide, "Spans."},
    {"traces_spanmetrics_latency", kSpans, MetricPart::kNative, kServerSide, kLatency},
    {"traces_spanmetrics_latency_bucket", kSpans, MetricPart::kBucket, kServerSide, kLatency},
    {"traces_spanmetrics_latency_count", kSpans, MetricPart::kCount, kServerSide, kLatency},
    {"traces_spanmetrics_latency_sum", kSpans, MetricPart::kSum, kServerSide, kLatency},
}};

constexpr uint64_t kMilli = 1'000'000;

std::vector<uint64_t> Doubled(uint64_t first, size_t count) {
  std::vector<uint64_t> bounds;
  bounds.reserve(count);
  for (size_t i = 0; i < count; ++i) bounds.push_back(first << i);
  return bounds;
}

std::vector<std::string> TextsOf(std::span<const uint64_t> bounds) {
  std::vector<std::string> texts;
  texts.reserve(bounds.size() + 1);
  for (const uint64_t bound : bounds) {
    texts.push_back(fmt::format("{}", static_cast<double>(bound) / 1e9));
  }
  texts.emplace_back("+Inf");
  return texts;
}

}  // namespace

std::span<const SpanMetric> AllSpanMetrics() {
  return kMetrics;
}

bool IsWholeMetric(const SpanMetric& metric) {
  return metric.part != MetricPart::kBucket && metric.part != MetricPart::kSum &&
         metric.part != MetricPart::kCount;
}

std::string_view TypeOf(const SpanMetric& metric) {
  const bool is_counter = metric.part == MetricPart::kTotal || metric.part == MetricPart::kFailed;
  return is_counter ? "counter" : "histogram";
}

const std::vector<std::string_view>& LabelsOf(MetricFamily family) {
  static const std::vector<std::string_view> of_spans = {"service", "span_kind", "span_name",
                                                         "status_code"};
  static const std::vector<std::string_view> of_calls = {"client", "connection_type", "server"};
  return family == kSpans ? of_spans : of_calls;
}

std::span<const uint64_t> BoundsOf(MetricFamily family) {
  static const std::vector<uint64_t> of_spans = Doubled(2 * kMilli, 14);
  static const std::vector<uint64_t> of_calls = Doubled(100 * kMilli, 8);
  return family == kSpans ? of_spans : of_calls;
}

std::string_view BoundText(MetricFamily family, size_t bucket) {
  static const std::vector<std::string> of_spans = TextsOf(BoundsOf(kSpans));
  static const std::vector<std::string> of_calls = TextsOf(BoundsOf(kCalls));
  return family == kSpans ? of_spans[bucket] : of_calls[bucket];
}

}  // namespace spandrel::query
