// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/duration_text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/query_text.h"
#include "cli/rows_json.h"
#include "cli/series_text.h"
#include "cli/table.h"
#include "cli/visible_text.h"
#include "cli/when.h"
#include "store_tool/otlp_file.h"

namespace spandrel::cli {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kMinute = 60 * kSecond;
constexpr uint64_t kHour = 60 * kMinute;
constexpr uint64_t kPointsWanted = 60;
constexpr uint64_t kMostPoints = 10'000;
constexpr size_t kSeriesAsked = 1000;
constexpr size_t kSpansInJson = 100;  // of each spanset
constexpr uint64_t kSteps[] = {kSecond,      2 * kSecond,  5 * kSecond, 10 * kSecond, 15 * kSecond,
                               30 * kSecond, kMinute,      2 * kMinute, 5 * kMinute,  10 * kMinute,
                               15 * kMinute, 30 * kMinute, kHour,       2 * kHour,    6 * kHour,
                               12 * kHour,   24 * kHour,   168 * kHour};

struct TimeSpan {
  uint64_t from = 0;
  uint64_t to = 0;
};

uint64_t RoundDown(uint64_t time, uint64_t unit) {
  return time / unit * unit;
}
uint64_t RoundUp(uint64_t time, uint64_t unit) {
  return RoundDown(time + unit - 1, unit);
}

// Whole seconds, as a server is asked.
Result<TimeSpan> TimeSpanOf(const CommandOptions& options) {
  const uint64_t now = base::SystemClock().NowUnixNano();
  const auto from = ParseWhen(options.from.empty() ? "1h" : options.from, now);
  if (!from.ok()) return from.status().Annotate("--from");
  const auto to = ParseWhen(options.to, now);
  if (!to.ok()) return to.status().Annotate("--to");
  if (*from >= *to) return Status(StatusCode::kInvalidArgument, "--to: is not after --from");
  return TimeSpan{RoundDown(*from, kSecond), RoundUp(*to, kSecond)};
}

uint64_t DefaultStep(const TimeSpan& time) {
  const uint64_t wanted = (time.to - time.from) / kPointsWanted;
  const auto* const step = std::lower_bound(std::begin(kSteps), std::end(kSteps), wanted);
  return step != std::end(kSteps) ? *step : RoundUp(wanted, kHour);
}

Result<uint64_t> StepOf(const CommandOptions& options, const TimeSpan& time) {
  if (options.step.empty()) return DefaultStep(time);
  const auto step = ParseSpan(options.step);
  if (!step.ok()) return step.status().Annotate("--step");
  if (*step == 0 || *step % kSecond != 0) {
    return Status(StatusCode::kInvalidArgument, "--step: expected whole seconds");
  }
  if ((time.to - time.from) / *step > kMostPoints) {
    return Status(StatusCode::kInvalidArgument, "--step: makes more than 10000 points");
  }
  return *step;
}

// Of a table that a person looks at: how much there was, and how long it took.
std::string Summary(const SearchAnswer& answer, const CommandOptions& options,
                    Clock::time_point started) {
  const std::chrono::duration<double> took = Clock::now() - started;
  std::string text = fmt::format(
      "{} traces{}, {:.2f} s", answer.traces.size(),
      answer.traces.size() == options.limit ? " (the newest; --limit for more)" : "", took.count());
  if (answer.inspected_spans > 0) {
    text += fmt::format(", {} spans looked at", store_tool::WithCommas(answer.inspected_spans));
  }
  return text + "\n";
}

// A server tells whole milliseconds.
std::string DurationCell(uint64_t nanos) {
  return nanos == 0 ? "<1ms" : base::ShortDurationText(nanos);
}

std::string RootCell(const TraceRow& trace) {
  if (!trace.has_root) return "(its root has not come)";
  return VisibleText(trace.root_name);
}

void PutTraces(const SearchAnswer& answer, const Look& look) {
  Table table({{.title = "START"},
               {.title = "DURATION", .right = true},
               {.title = "SERVICE", .shrinks = true},
               {.title = "NAME", .shrinks = true},
               {.title = "MATCHED", .right = true},
               {.title = "SPANS", .right = true},
               {.title = "ERRORS", .right = true},
               {.title = "TRACE ID"}});
  for (const TraceRow& trace : answer.traces) {
    table.Add({{WhenText(trace.start_unix_nano)},
               {DurationCell(trace.duration_nano)},
               {trace.has_root ? VisibleText(trace.root_service) : "", Ink::kCyan},
               {RootCell(trace), trace.has_root ? Ink::kBold : Ink::kDim},
               {std::to_string(trace.matched)},
               {std::to_string(trace.spans)},
               {trace.errors == 0 ? "" : std::to_string(trace.errors), Ink::kRed},
               {trace.trace_id.ToHex(), Ink::kDim}});
  }
  Put(table.ToText(look));
}

// Each trace whole, one at a time.
Status PutOtlp(Source& source, const SearchAnswer& answer) {
  for (const TraceRow& trace : answer.traces) {
    const auto spans = source.Trace(trace.trace_id);
    // It may have expired since it was found.
    if (!spans.ok() && spans.status().code() == StatusCode::kNotFound) continue;
    if (!spans.ok()) return spans.status();
    PutJson(store_tool::EncodeFileEntry(*spans, store_tool::OtlpFormat::kJson));
  }
  return {};
}

int SearchTraces(Source& source, const CommandOptions& options, std::string query,
                 const TimeSpan& time) {
  const auto started = Clock::now();
  const auto answer = source.Search({.query = std::move(query),
                                     .from_unix_nano = time.from,
                                     .to_unix_nano = time.to,
                                     .limit = options.limit,
                                     .spans_per_set = options.format == "json" ? kSpansInJson : 1});
  if (!answer.ok()) return FailedQuestion(answer.status(), options);
  if (answer->traces.empty()) {
    Note(fmt::format("nothing found from {} to {}\n", WhenText(time.from), WhenText(time.to)));
    return kNothingFound;
  }
  if (options.format == "json") {
    for (const TraceRow& trace : answer->traces) PutJson(TraceJson(trace));
  } else if (options.format == "otlp") {
    const Status put = PutOtlp(source, *answer);
    if (!put.ok()) return FailedQuestion(put, options);
  } else {
    PutTraces(*answer, LookOfOutput(options.color));
    Note(Summary(*answer, options, started));
  }
  return kFound;
}

bool HasValues(const SeriesAnswer& answer) {
  return std::any_of(answer.series.begin(), answer.series.end(), [](const SeriesRow& series) {
    return std::any_of(series.points.begin(), series.points.end(),
                       [](const auto& point) { return point.second != 0; });
  });
}

double SumOf(const SeriesRow& series) {
  double sum = 0;
  for (const auto& [time, value] : series.points) sum += value;
  return sum;
}

// The series that are most, in the order of the answer.
void KeepLargest(size_t limit, SeriesAnswer* answer) {
  if (answer->series.size() <= limit) return;
  std::vector<double> sums;
  for (const SeriesRow& series : answer->series) sums.push_back(SumOf(series));
  std::vector<double> sorted = sums;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(limit) - 1, sorted.end(),
                   std::greater<>());
  const double least = sorted[limit - 1];
  std::vector<SeriesRow> kept;
  for (size_t i = 0; i < sums.size() && kept.size() < limit; ++i) {
    if (sums[i] >= least) kept.push_back(std::move(answer->series[i]));
  }
  answer->series = std::move(kept);
  answer->truncated = true;
}

void PutSeries(const SeriesAnswer& answer, const SeriesQuestion& question,
               const CommandOptions& options) {
  const Look look = LookOfOutput(options.color);
  if (options.format == "json") {
    for (const SeriesRow& series : answer.series) PutJson(SeriesJson(series));
  } else if (options.by_time) {
    Put(SeriesByTime(answer, look));
  } else {
    Put(SeriesTable(answer, question, look));
    Note(fmt::format("a point stands for {}\n", base::ShortDurationText(question.step_nano)));
  }
  if (answer.truncated) {
    Complain(
        fmt::format("the {} largest series are shown; --limit for more", answer.series.size()));
  }
}

int MeasureSpans(Source& source, const CommandOptions& options, std::string query,
                 const TimeSpan& time) {
  if (options.format == "otlp") {
    return Fail({StatusCode::kInvalidArgument, "--format otlp: series have no spans"});
  }
  const auto step = StepOf(options, time);
  if (!step.ok()) return Fail(step.status());
  const SeriesQuestion question{.query = std::move(query),
                                .from_unix_nano = RoundDown(time.from, *step),
                                .to_unix_nano = RoundUp(time.to, *step),
                                .step_nano = *step,
                                .limit = std::max<size_t>(kSeriesAsked, options.limit)};
  auto answer = source.Series(question);
  if (!answer.ok()) return FailedQuestion(answer.status(), options);
  KeepLargest(options.limit, &*answer);
  PutSeries(*answer, question, options);
  return HasValues(*answer) ? kFound : kNothingFound;
}

}  // namespace

int QueryTraces(Source& source, const CommandOptions& options) {
  auto query = ReadQueryText(options.query, options.format == "json");
  if (!query.ok()) return FailedQuestion(query.status(), options);
  const auto time = TimeSpanOf(options);
  if (!time.ok()) return Fail(time.status());
  return query->kind == QueryKind::kSpans
             ? SearchTraces(source, options, std::move(query->text), *time)
             : MeasureSpans(source, options, std::move(query->text), *time);
}

}  // namespace spandrel::cli
