// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_series.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "api/tempo/tempo_hints.h"
#include "base/time_text.h"
#include "traceql/parse.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr uint64_t kMilli = 1'000'000;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kDefaultRange = 3600 * kSecond;
constexpr uint64_t kMostPoints = 10'000;
constexpr uint64_t kMostSeries = 10'000;
constexpr uint64_t kLatest = uint64_t{1} << 62;  // the year 2116

Status Wrong(std::string_view name, std::string_view why) {
  return {StatusCode::kInvalidArgument, std::string(name).append(": ").append(why)};
}

std::optional<double> ParseNumber(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number) || number < 0) {
    return std::nullopt;
  }
  return number;
}

// Seconds, also with a fraction; nanoseconds, which have more digits; or RFC 3339.
Result<uint64_t> ParseInstant(std::string_view name, std::string_view text) {
  std::optional<uint64_t> time;
  if (const auto whole = base::ParseUnsigned(text)) {
    time = text.size() > 10 ? *whole : *whole * kSecond;
  } else if (const auto seconds = ParseNumber(text); seconds && *seconds < 4e9) {
    time = static_cast<uint64_t>(std::llround(*seconds * 1e3)) * kMilli;
  } else if (const auto date = base::ParseRfc3339(text); date.ok()) {
    time = *date;
  }
  if (!time || *time > kLatest) return Wrong(name, "expected seconds since 1970 or RFC 3339");
  return *time;
}

struct Span {
  uint64_t start = 0;
  uint64_t end = 0;
};

Result<Span> ParseSpan(const Parameters& parameters, uint64_t now) {
  const std::string_view start = parameters.Get("start");
  const std::string_view end = parameters.Get("end");
  if (start.empty() && end.empty()) {
    const std::string_view since = parameters.Get("since");
    auto range = since.empty() ? Result<uint64_t>(kDefaultRange) : base::ParseDuration(since);
    if (!range.ok()) return Wrong("since", range.status().message());
    return Span{now - std::min(now, *range), now};
  }
  if (start.empty() || end.empty()) {
    return Wrong(start.empty() ? "start" : "end", "missing beside the other");
  }
  const auto first = ParseInstant("start", start);
  if (!first.ok()) return first.status();
  const auto last = ParseInstant("end", end);
  if (!last.ok()) return last.status();
  if (*last <= *first) return Wrong("end", "is not after start");
  return Span{*first, *last};
}

// A 240th of the range, of a round length.
uint64_t DefaultStep(uint64_t range) {
  const uint64_t exact = range / 240;
  for (const uint64_t unit :
       {3600 * kSecond, 300 * kSecond, 60 * kSecond, 15 * kSecond, 5 * kSecond, kSecond}) {
    if (exact >= unit) return exact / unit * unit;
  }
  if (range >= 60 * kSecond) return kSecond;
  return std::max<uint64_t>(1, exact / (50 * kMilli)) * 50 * kMilli;
}

Result<uint64_t> ParseStep(std::string_view text, uint64_t range) {
  if (text.empty()) return DefaultStep(range);
  if (const auto seconds = ParseNumber(text)) {
    const double step = std::min(*seconds * 1e9, 9e18);
    if (step >= 1) return static_cast<uint64_t>(step);
  } else if (const auto duration = base::ParseDuration(text); duration.ok() && *duration > 0) {
    return *duration;
  }
  return Wrong("step", "expected seconds or a duration like 30s");
}

// From the step that the start is in to that of the end.
Result<query::TimePoints> PointsOf(const Span& span, uint64_t step) {
  const uint64_t first = span.start / step * step;
  const uint64_t last = span.end / step * step + (span.end % step == 0 ? 0 : step);
  const uint64_t count = (last - first) / step + 1;
  if (count > kMostPoints + 2) return Wrong("step", "makes more than 10000 points");
  return query::TimePoints{first, step, count};
}

// The query's own word goes before the parameter.
Result<uint64_t> ExemplarsOf(const TempoHints& hints, std::string_view parameter) {
  if (hints.exemplars || parameter.empty()) return hints.exemplars.value_or(0);
  const auto count = base::ParseUnsigned(parameter);
  if (!count) return Wrong("exemplars", "expected a number");
  return std::min(*count, kMostExemplars);
}

Result<SeriesQuestion> ParseMetricsQuery(const Parameters& parameters) {
  std::string_view q = parameters.Get("q");
  if (q.empty()) q = parameters.Get("query");
  auto query = traceql::Parse(q);
  if (!query.ok()) return query.status();
  auto* expr = std::get_if<traceql::MetricsExpr>(&query->what);
  if (expr == nullptr) {
    return Wrong("q", "expected a query of metrics, such as { ... } | rate()");
  }
  auto hints = ReadHints(query->hints);
  if (!hints.ok()) return hints.status();
  const auto exemplars = ExemplarsOf(*hints, parameters.Get("exemplars"));
  if (!exemplars.ok()) return exemplars.status();
  SeriesQuestion question{std::move(*expr), {}, std::move(hints->note)};
  question.request.exemplars = *exemplars;
  return question;
}

}  // namespace

Result<SeriesQuestion> TempoSeries(const Parameters& parameters, uint64_t now, SeriesForm form) {
  const bool is_range = form == SeriesForm::kRange;
  auto question = ParseMetricsQuery(parameters);
  if (!question.ok()) return question;
  const auto span = ParseSpan(parameters, now);
  if (!span.ok()) return span.status();
  query::TimePoints points{span->end, span->end - span->start, 1};
  if (is_range) {
    const auto step = ParseStep(parameters.Get("step"), span->end - span->start);
    if (!step.ok()) return step.status();
    const auto made = PointsOf(*span, *step);
    if (!made.ok()) return made.status();
    points = *made;
  }
  query::SeriesRequest& request = question->request;
  request.points = points;
  const auto series = parameters.Count("maxSeries", request.max_series, kMostSeries);
  if (!series.ok()) return series.status();
  request.max_series = *series;
  if (!is_range) request.exemplars = 0;
  return question;
}

}  // namespace spandrel::api
