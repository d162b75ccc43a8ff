// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/duration_text.h"
#include "cli/command.h"
#include "cli/look.h"
#include "cli/output.h"
#include "cli/query_text.h"
#include "cli/rows_json.h"
#include "cli/shown_spans.h"
#include "cli/visible_text.h"
#include "cli/when.h"

namespace spandrel::cli {
namespace {

using base::Status;
using base::StatusCode;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kLongestOverlap = 3600 * kSecond;
// Clocks of senders may be ahead.
constexpr uint64_t kAhead = 60 * kSecond;
constexpr size_t kMostTraces = 1000;  // of one answer
constexpr size_t kMostSpans = 1000;   // of each of their spansets
constexpr size_t kMostRemembered = 200'000;
constexpr size_t kServiceWidth = 16;

struct Match {
  const TraceRow* trace;
  const SpanRow* span;
};

std::string MatchLine(const Match& match, const Look& look) {
  const SpanRow& span = *match.span;
  const std::string service = FitTo(VisibleText(ServiceOf(span)), kServiceWidth, look.ellipsis());
  const std::string blanks(kServiceWidth - DisplayWidth(service), ' ');
  const bool is_error = IsError(span);
  std::string line = fmt::format(
      "{} {:>8} {}{} {}{}", look.Paint(WhenText(span.start_unix_nano, false), Ink::kDim),
      base::ShortDurationText(span.duration_nano), look.Paint(service, Ink::kCyan), blanks,
      look.Paint(VisibleText(span.name), is_error ? Ink::kRed : Ink::kBold),
      is_error ? look.Paint(" error", Ink::kRed) : "");
  for (const auto& [key, value] : span.fields) {
    if (key == "service.name" || key == "status") continue;
    line += fmt::format(" {}={}", look.Paint(VisibleText(key), Ink::kDim),
                        VisibleText(storage::ValueText(value)));
  }
  return fmt::format("{} {}\n", line, look.Paint(match.trace->trace_id.ToHex(), Ink::kDim));
}

// Asks again and again for spans that started within the last while.
class Tail {
 public:
  Tail(Source& source, const CommandOptions& options, const store_tool::Interrupts& interrupts,
       std::string query)
      : source_(source),
        options_(options),
        interrupts_(interrupts),
        look_(LookOfOutput(options.color)),
        query_(std::move(query)) {}

  Status ReadOptions() {
    const auto overlap = ParseSpan(options_.overlap);
    if (!overlap.ok()) return overlap.status().Annotate("--overlap");
    if (*overlap < kSecond || *overlap > kLongestOverlap) {
      return {StatusCode::kInvalidArgument, "--overlap: expected 1s to 1h"};
    }
    overlap_ = *overlap;
    const auto interval = ParseSpan(options_.interval);
    if (!interval.ok()) return interval.status().Annotate("--interval");
    if (*interval == 0) return {StatusCode::kInvalidArgument, "--interval: expected 100ms or more"};
    interval_ = std::max(kSecond / 10, *interval);
    if (options_.from.empty()) return {};
    const auto from = ParseWhen(options_.from, base::SystemClock().NowUnixNano());
    if (!from.ok()) return from.status().Annotate("--from");
    from_ = *from;
    return {};
  }

  int Run() {
    // Without --from what is there is known before, and not shown.
    bool is_first = true;
    while (!interrupts_.came()) {
      const auto answer = Ask(is_first);
      if (answer.ok()) {
        is_silent_failure_ = false;
        Show(*answer, is_first && from_ == 0);
        is_first = false;
        if (IsFull()) return kFound;
      } else if (const int status = Failed(answer.status(), is_first); status != kFound) {
        return interrupts_.came() ? kFound : status;
      }
      Sleep();
    }
    return kFound;
  }

 private:
  base::Result<SearchAnswer> Ask(bool is_first) {
    const uint64_t now = base::SystemClock().NowUnixNano();
    uint64_t from = now - std::min(now, overlap_);
    if (is_first && from_ != 0) from = std::min(from, from_);
    from = from / kSecond * kSecond;
    asked_from_ = from;
    shown_.ForgetBefore(now - std::min(now, overlap_ + kSecond));
    return source_.Search({.query = query_,
                           .from_unix_nano = from,
                           .to_unix_nano = (now + kAhead) / kSecond * kSecond,
                           .limit = kMostTraces,
                           .spans_per_set = kMostSpans});
  }

  void Show(const SearchAnswer& answer, bool only_remember) {
    std::vector<Match> matches;
    for (const TraceRow& trace : answer.traces) {
      for (const SpanRow& span : trace.shown) {
        // A trace comes with all its matches, also those that are forgotten already.
        if (span.start_unix_nano < asked_from_) continue;
        if (shown_.Add(trace.trace_id, span.span_id, span.start_unix_nano)) {
          matches.push_back({&trace, &span});
        }
      }
    }
    if (only_remember) return;
    std::stable_sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
      return a.span->start_unix_nano < b.span->start_unix_nano;
    });
    for (const Match& match : matches) {
      if (IsFull()) break;
      if (options_.format == "json") {
        PutJson(MatchJson(*match.trace, *match.span));
      } else {
        Put(MatchLine(match, look_));
      }
      ++count_;
    }
    TellLeftOut(answer);
    if (!matches.empty()) (void)Finish(kFound);
  }

  // Once, until all is shown again.
  void TellLeftOut(const SearchAnswer& answer) {
    bool is_partial = answer.traces.size() == kMostTraces;
    for (const TraceRow& trace : answer.traces) is_partial |= trace.shown.size() < trace.matched;
    if (is_partial && !was_partial_) {
      Complain(
          fmt::format("more match than is shown: at most {} traces in {}, and {} spans of each",
                      kMostTraces, options_.overlap, kMostSpans));
    }
    was_partial_ = is_partial;
  }

  // kFound when it is worth to ask again: a server that answered may come back.
  int Failed(const Status& status, bool is_first) {
    const bool may_pass = status.code() == StatusCode::kUnavailable ||
                          status.code() == StatusCode::kResourceExhausted ||
                          status.code() == StatusCode::kDeadlineExceeded;
    if (is_first || !may_pass) return FailedQuestion(status, options_);
    if (!is_silent_failure_) Complain(VisibleText(status.message()) + "; asking on");
    is_silent_failure_ = true;
    return kFound;
  }

  bool IsFull() const { return options_.tail_limit > 0 && count_ >= options_.tail_limit; }

  // A signal ends it.
  void Sleep() const {
    const timespec time{static_cast<time_t>(interval_ / kSecond),
                        static_cast<long>(interval_ % kSecond)};
    if (!interrupts_.came()) nanosleep(&time, nullptr);
  }

  Source& source_;
  const CommandOptions& options_;
  const store_tool::Interrupts& interrupts_;
  const Look look_;
  const std::string query_;
  ShownSpans shown_{kMostRemembered};
  uint64_t overlap_ = 0;
  uint64_t interval_ = 0;
  uint64_t from_ = 0;
  uint64_t asked_from_ = 0;
  uint64_t count_ = 0;
  bool was_partial_ = false;
  bool is_silent_failure_ = false;
};

}  // namespace

int TailSpans(Source& source, const CommandOptions& options,
              const store_tool::Interrupts& interrupts) {
  auto query = ReadQueryText(options.query, /*with_names=*/true);
  if (!query.ok()) return FailedQuestion(query.status(), options);
  if (query->kind != QueryKind::kSpans) {
    return Fail({StatusCode::kInvalidArgument, "tail: expected a query of spans, not of series"});
  }
  Tail tail(source, options, interrupts, std::move(query->text));
  if (const Status status = tail.ReadOptions(); !status.ok()) return Fail(status);
  Note("spans appear as they come; Ctrl-C ends\n");
  return tail.Run();
}

}  // namespace spandrel::cli
