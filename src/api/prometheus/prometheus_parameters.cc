// SPDX-License-Identifier: Apache-2.0
#include "api/prometheus/prometheus_parameters.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "base/ascii.h"
#include "base/time_text.h"
#include "net/http/http.h"
#include "promql/lexer.h"
#include "promql/parse.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr uint64_t kMilli = 1'000'000;
constexpr double kMostSeconds = 4e9;  // the year 2096
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

Status Wrong(std::string_view name, std::string_view why) {
  return {StatusCode::kInvalidArgument, fmt::format("invalid parameter \"{}\": {}", name, why)};
}

std::optional<double> NumberOf(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// Seconds since 1970, also with a fraction, or RFC 3339; to the millisecond.
Result<uint64_t> TimeOf(std::string_view name, std::string_view text) {
  if (const auto seconds = NumberOf(text)) {
    if (*seconds >= 0 && *seconds <= kMostSeconds) {
      return static_cast<uint64_t>(std::llround(*seconds * 1e3)) * kMilli;
    }
  } else if (const auto date = base::ParseRfc3339(text); date.ok()) {
    return *date / kMilli * kMilli;
  }
  return Wrong(name, "expected seconds since 1970 or a time like 2026-01-31T12:00:00Z");
}

Result<uint64_t> StepOf(std::string_view text) {
  uint64_t step = 0;
  if (const auto seconds = NumberOf(text)) {
    if (*seconds > 0 && *seconds <= kMostSeconds) {
      step = static_cast<uint64_t>(std::llround(*seconds * 1e3)) * kMilli;
    }
  } else if (!promql::ParseDuration(text, &step)) {
    step = 0;
  }
  if (step > 0) return step;
  return Wrong("step", "expected seconds or a duration like 30s, a millisecond at least");
}

}  // namespace

Parameters FormParameters(const RoutedRequest& request) {
  const std::string_view type = net::FindHeader(request.http.headers, "content-type");
  net::Headers values;
  if (base::LowerCase(type).starts_with(kFormType)) values = net::ParseQuery(request.body);
  for (auto& value : net::ParseQuery(request.http.query)) values.push_back(std::move(value));
  return Parameters(std::move(values));
}

Result<query::Instants> PrometheusInstant(const Parameters& parameters, uint64_t now) {
  const std::string_view text = parameters.Get("time");
  if (text.empty()) return query::Instants{now / kMilli * kMilli, 1, 1};
  const auto time = TimeOf("time", text);
  if (!time.ok()) return time.status();
  return query::Instants{*time, 1, 1};
}

Result<query::Instants> PrometheusRange(const Parameters& parameters) {
  const auto start = TimeOf("start", parameters.Get("start"));
  if (!start.ok()) return start.status();
  const auto end = TimeOf("end", parameters.Get("end"));
  if (!end.ok()) return end.status();
  if (*end < *start) return Wrong("end", "is before start");
  const auto step = StepOf(parameters.Get("step"));
  if (!step.ok()) return step.status();
  const uint64_t count = (*end - *start) / *step + 1;
  if (count > query::kMaxInstants) {
    return Wrong("step", fmt::format("makes more than {} points", query::kMaxInstants));
  }
  return query::Instants{*start, *step, count};
}

Result<query::ListedSeries> PrometheusListed(const Parameters& parameters, uint64_t now) {
  query::ListedSeries listed;
  listed.max_unix_nano = now;
  for (const auto& [name, time] :
       {std::pair("start", &listed.min_unix_nano), std::pair("end", &listed.max_unix_nano)}) {
    if (parameters.Get(name).empty()) continue;
    const auto given = TimeOf(name, parameters.Get(name));
    if (!given.ok()) return given.status();
    *time = *given;
  }
  if (listed.max_unix_nano < listed.min_unix_nano) return Wrong("end", "is before start");
  for (const std::string_view text : parameters.All("match[]")) {
    if (listed.selectors.size() == promql::kMaxSelectors) return Wrong("match[]", "too many");
    auto selector = promql::ParseSelector(text);
    if (!selector.ok()) return selector.status().Annotate("invalid parameter \"match[]\"");
    listed.selectors.push_back(*std::move(selector));
  }
  return listed;
}

Result<size_t> PrometheusLimit(const Parameters& parameters) {
  const std::string_view text = parameters.Get("limit");
  const auto limit = text.empty() ? std::optional<uint64_t>(0) : base::ParseUnsigned(text);
  if (!limit) return Wrong("limit", "expected a number");
  return *limit == 0 ? std::numeric_limits<size_t>::max() : static_cast<size_t>(*limit);
}

}  // namespace spandrel::api
