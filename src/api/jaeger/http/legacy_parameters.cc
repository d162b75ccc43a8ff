// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/http/legacy_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "api/http/json_reader.h"
#include "base/base64.h"
#include "base/time_text.h"
#include "query/tags.h"
#include "query/trace_search.h"
#include "span/value.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr uint64_t kNanoPerMicro = 1'000;
constexpr uint64_t kNanoPerMilli = 1'000'000;
constexpr uint64_t kNanoPerSecond = 1'000'000'000;
constexpr uint64_t kDefaultSearchRange = 48ULL * 3600 * 1'000'000'000;
constexpr uint64_t kDefaultDependencyRange = 24ULL * 3600 * 1'000'000'000;
constexpr uint64_t kDefaultLimit = 100;
constexpr uint64_t kDefaultLookback = 3600 * kNanoPerSecond;
constexpr uint64_t kDefaultStep = 5 * kNanoPerSecond;
constexpr uint64_t kDefaultWindow = 600 * kNanoPerSecond;
constexpr size_t kMaxServices = 100;

Status Unparsable(std::string_view name, std::string_view why) {
  return {StatusCode::kInvalidArgument, fmt::format("unable to parse param '{}': {}", name, why)};
}

uint64_t MultiplySaturating(uint64_t value, uint64_t unit) {
  return value > UINT64_MAX / unit ? UINT64_MAX : value * unit;
}

// A number in units of `unit` nanoseconds.
Result<uint64_t> NumberParameter(const Parameters& parameters, std::string_view name, uint64_t unit,
                                 uint64_t fallback) {
  const std::string_view text = parameters.Get(name);
  if (text.empty()) return fallback;
  const auto value = base::ParseUnsigned(text);
  if (!value) return Unparsable(name, "expected a number");
  return MultiplySaturating(*value, unit);
}

Result<std::optional<uint64_t>> DurationParameter(const Parameters& parameters,
                                                  std::string_view name) {
  const std::string_view text = parameters.Get(name);
  if (text.empty()) return std::optional<uint64_t>();
  const auto duration = base::ParseDuration(text);
  if (!duration.ok()) return Unparsable(name, duration.status().message());
  return std::optional<uint64_t>(*duration);
}

// `tag=key:value`, repeated, and `tags={"key":"value"}`, repeated.
Result<std::map<std::string, std::string>> ParseTagParameters(const Parameters& parameters) {
  std::map<std::string, std::string> tags;
  for (const std::string_view tag : parameters.All("tag")) {
    const size_t colon = tag.find(':');
    if (colon == std::string_view::npos) {
      return Unparsable("tag", "malformed, expecting key:value");
    }
    tags[std::string(tag.substr(0, colon))] = std::string(tag.substr(colon + 1));
  }
  for (const std::string_view json : parameters.All("tags")) {
    auto map = ParseStringMap(json);
    if (!map.ok()) return Unparsable("tags", map.status().message());
    for (auto& [key, value] : *map) tags[key] = std::move(value);
  }
  if (tags.size() > query::kMaxTagConditions) return Unparsable("tags", "too many");
  return tags;
}

Status ParseDurations(const Parameters& parameters, query::TraceFilter* filter) {
  const auto min = DurationParameter(parameters, "minDuration");
  if (!min.ok()) return min.status();
  const auto max = DurationParameter(parameters, "maxDuration");
  if (!max.ok()) return max.status();
  if (*min && *max && **max < **min) {
    return {StatusCode::kInvalidArgument, "'maxDuration' should be greater than 'minDuration'"};
  }
  filter->min_duration_nano = *min;
  filter->max_duration_nano = *max;
  return {};
}

Status ParseRange(const Parameters& parameters, uint64_t now, storage::TimeRange* range) {
  const auto end = NumberParameter(parameters, "end", kNanoPerMicro, now);
  if (!end.ok()) return end.status();
  const auto start =
      NumberParameter(parameters, "start", kNanoPerMicro, now - std::min(now, kDefaultSearchRange));
  if (!start.ok()) return start.status();
  *range = {*start, *end};
  return {};
}

Status ParseKinds(const Parameters& parameters, std::vector<span::SpanKind>* kinds) {
  for (const std::string_view text : parameters.All("spanKind")) {
    const auto kind = ParseSpanKind(text);
    if (!kind) return Unparsable("spanKind", fmt::format("unsupported span kind: '{}'", text));
    kinds->push_back(*kind);
  }
  if (kinds->empty()) kinds->push_back(span::SpanKind::kServer);
  if (kinds->size() > kMaxServices) return Unparsable("spanKind", "too many");
  return {};
}

Status ParseMetricTimes(const Parameters& parameters, uint64_t now,
                        query::ServiceMetricsRequest* request) {
  const auto end = NumberParameter(parameters, "endTs", kNanoPerMilli, now);
  if (!end.ok()) return end.status();
  const auto lookback = NumberParameter(parameters, "lookback", kNanoPerMilli, kDefaultLookback);
  if (!lookback.ok()) return lookback.status();
  const auto step = NumberParameter(parameters, "step", kNanoPerMilli, kDefaultStep);
  if (!step.ok()) return step.status();
  if (*step == 0) return Unparsable("step", "expected more than 0");
  const auto window = NumberParameter(parameters, "ratePer", kNanoPerMilli, kDefaultWindow);
  if (!window.ok()) return window.status();
  request->end_unix_nano = *end;
  request->start_unix_nano = *end - std::min(*end, *lookback);
  request->step_nano = *step;
  request->window_nano = *window;
  return {};
}

}  // namespace

Result<storage::SearchRequest> ParseLegacySearch(const Parameters& parameters,
                                                 uint64_t now_unix_nano) {
  query::TraceFilter filter;
  filter.service = parameters.Get("service");
  filter.operation = parameters.Get("operation");
  SPANDREL_RETURN_IF_ERROR(ParseRange(parameters, now_unix_nano, &filter.start_time));
  SPANDREL_RETURN_IF_ERROR(ParseDurations(parameters, &filter));
  const auto tags = ParseTagParameters(parameters);
  if (!tags.ok()) return tags.status();
  for (const auto& [key, value] : *tags) {
    filter.tags.children.push_back(query::TagEquals(key, value));
  }
  const auto limit = parameters.Count("limit", kDefaultLimit, kMaxJaegerTraces);
  if (!limit.ok()) return Unparsable("limit", limit.status().message());
  return query::MakeSearchRequest(filter, storage::Order::kNewest, *limit);
}

Result<storage::TimeRange> ParseLegacyDependencyRange(const Parameters& parameters,
                                                      uint64_t now_unix_nano) {
  const auto end = NumberParameter(parameters, "endTs", kNanoPerMilli, now_unix_nano);
  if (!end.ok()) return end.status();
  const auto lookback =
      NumberParameter(parameters, "lookback", kNanoPerMilli, kDefaultDependencyRange);
  if (!lookback.ok()) return lookback.status();
  return storage::TimeRange{*end - std::min(*end, *lookback), *end};
}

Result<query::ServiceMetricsRequest> ParseLegacyMetrics(const Parameters& parameters,
                                                        uint64_t now_unix_nano) {
  query::ServiceMetricsRequest request;
  for (const std::string_view service : parameters.All("service")) {
    if (!service.empty()) request.services.emplace_back(service);
  }
  if (request.services.empty()) {
    return Status(StatusCode::kInvalidArgument, "please provide at least one service name");
  }
  if (request.services.size() > kMaxServices) return Unparsable("service", "too many");
  SPANDREL_RETURN_IF_ERROR(ParseKinds(parameters, &request.kinds));
  const auto by_operation = parameters.Truth("groupByOperation");
  if (!by_operation.ok()) return Unparsable("groupByOperation", "expected true or false");
  request.by_operation = *by_operation;
  SPANDREL_RETURN_IF_ERROR(ParseMetricTimes(parameters, now_unix_nano, &request));
  return request;
}

Result<span::TraceId> ParseLegacyTraceId(std::string_view text) {
  if (const auto id = ParseTraceId(text)) return *id;
  // 16 bytes are 22 digits of base64 and two of padding.
  if (text.size() >= 22 && text.size() <= 24) {
    const auto bytes = base::Base64Decode(text);
    const auto id = bytes ? span::TraceId::FromBytes(*bytes) : std::nullopt;
    if (id && !id->IsZero()) return *id;
  }
  return Status(StatusCode::kInvalidArgument,
                "trace id: expected up to 32 hexadecimal digits or base64 of 16 bytes");
}

}  // namespace spandrel::api
