// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/search.h"

#include <algorithm>
#include <queue>
#include <set>
#include <unordered_map>

#include "columnar/read/scan/scan.h"
#include "columnar/read/scan/trace_totals.h"
#include "columnar/read/traces/result_order.h"
#include "columnar/read/traces/summary.h"

// Newest first works from the newest rows backwards and stops as soon as no row that is left can
// change the page: a trace is settled once every unit that is left starts before its newest match.
namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::Cursor;

// What a trace takes that waits and is known.
constexpr size_t kTraceBytes = 160;

Status Keep(storage::TraceSummary summary, storage::SearchResult* result,
            storage::QueryMemory* memory) {
  size_t bytes = sizeof(summary) + summary.root_service.size() + summary.root_name.size();
  for (const auto& service : summary.services) bytes += sizeof(service) + service.name.size();
  SPANDREL_RETURN_IF_ERROR(memory->Grow(bytes));
  result->traces.push_back(std::move(summary));
  return {};
}

bool IsAfter(const Cursor& candidate, const std::optional<Cursor>& cursor) {
  return !cursor || ResultOrder()(*cursor, candidate);
}

class NewestSearch {
 public:
  NewestSearch(const storage::QueryContext& context, const Snapshot& snapshot,
               const storage::SearchRequest& request, const Matcher& matcher)
      : scan_(context, snapshot),
        traces_(scan_),
        request_(request),
        matcher_(matcher),
        memory_(context),
        page_memory_(context) {}

  Result<storage::SearchResult> Run() {
    const Result<std::vector<ScanUnit>> units = scan_.Units(matcher_);
    if (!units.ok()) return units.status();
    for (const ScanUnit& unit : *units) {
      SPANDREL_RETURN_IF_ERROR(Settle(unit.max_start));
      if (full_) break;
      if (request_.after && unit.min_start > request_.after->key) continue;
      SPANDREL_RETURN_IF_ERROR(ScanOne(unit));
    }
    if (!full_) SPANDREL_RETURN_IF_ERROR(Settle(std::nullopt));
    result_.scanned_spans = scan_.scanned_spans();
    return std::move(result_);
  }

 private:
  Status ScanOne(const ScanUnit& unit) {
    return scan_.Visit(unit, matcher_, Content::kLight, [this](const span::SpanRef& span) {
      const span::SpanEntry& entry = span.entry();
      return Note({entry.start_time_unix_nano, entry.trace_id});
    });
  }

  Status Note(const Cursor& match) {
    if (!IsAfter(match, request_.after)) return {};
    const auto [known, is_new] = newest_.try_emplace(match.trace_id, match.key);
    if (!is_new) {
      if (known->second >= match.key) return {};
      waiting_.erase({known->second, match.trace_id});
      known->second = match.key;
    }
    waiting_.insert(match);
    return memory_.GrowTo(newest_.size() * kTraceBytes);
  }

  // Reports the traces whose newest match is later than anything that is left to be scanned.
  Status Settle(std::optional<uint64_t> newest_left) {
    while (!full_ && !waiting_.empty()) {
      const Cursor next = *waiting_.begin();
      if (newest_left && next.key <= *newest_left) return {};
      waiting_.erase(waiting_.begin());
      SPANDREL_RETURN_IF_ERROR(Report(next));
    }
    return {};
  }

  Status Report(const Cursor& found) {
    const auto spans = traces_.LoadMatching(found.trace_id, matcher_);
    if (!spans.ok()) return spans.status();
    if ((*spans)->empty()) return {};
    SummarizedTrace trace = Summarize(**spans);
    // A trace with a newer match was on an earlier page, or its match cannot be read any more.
    if (trace.newest_match != found.key) return {};
    if (result_.traces.size() == request_.limit) {
      full_ = true;
      result_.next = last_;
      return {};
    }
    last_ = found;
    return Keep(std::move(trace.summary), &result_, &page_memory_);
  }

  Scan scan_;
  TraceFetch traces_;
  const storage::SearchRequest& request_;
  const Matcher& matcher_;
  std::unordered_map<span::TraceId, uint64_t, span::IdHash> newest_;
  std::set<Cursor, ResultOrder> waiting_;
  storage::SearchResult result_;
  Cursor last_;
  bool full_ = false;
  storage::QueryMemory memory_;
  storage::QueryMemory page_memory_;
};

// The first of many results in their order.
class FirstCursors {
 public:
  explicit FirstCursors(size_t limit) : limit_(limit) {}

  void Add(const Cursor& candidate) {
    first_.push(candidate);
    if (first_.size() <= limit_) return;
    first_.pop();
    has_more_ = true;
  }
  // Whether others were left out.
  bool has_more() const { return has_more_; }
  std::vector<Cursor> InOrder() {
    std::vector<Cursor> order;
    for (; !first_.empty(); first_.pop()) order.push_back(first_.top());
    std::reverse(order.begin(), order.end());
    return order;
  }

 private:
  const size_t limit_;
  std::priority_queue<Cursor, std::vector<Cursor>, ResultOrder> first_;  // the last one on top
  bool has_more_ = false;
};

Result<storage::SearchResult> SlowestSearch(const storage::QueryContext& context,
                                            const Snapshot& snapshot,
                                            const storage::SearchRequest& request,
                                            const Matcher& matcher) {
  Scan scan(context, snapshot);
  storage::QueryMemory memory(context);
  const Result<TotalsOfTraces> totals = TotalsOfMatchingTraces(scan, matcher, &memory);
  if (!totals.ok()) return totals.status();
  FirstCursors page(request.limit);
  for (size_t i = 0; i < totals->ids.size(); ++i) {
    const Cursor candidate{totals->totals[i].duration_nano(), totals->ids[i]};
    if (IsAfter(candidate, request.after)) page.Add(candidate);
  }
  const std::vector<Cursor> order = page.InOrder();
  storage::SearchResult result;
  TraceFetch traces(scan);
  for (const Cursor& found : order) {
    const auto spans = traces.LoadMatching(found.trace_id, matcher);
    if (!spans.ok()) return spans.status();
    if ((*spans)->empty()) continue;
    SPANDREL_RETURN_IF_ERROR(Keep(Summarize(**spans).summary, &result, &memory));
  }
  if (page.has_more()) result.next = order.back();
  result.scanned_spans = scan.scanned_spans();
  return result;
}

}  // namespace

Result<storage::SearchResult> SearchTraces(const storage::QueryContext& context,
                                           const Snapshot& snapshot,
                                           const storage::SearchRequest& request) {
  const Result<Matcher> matcher = Matcher::Make(context, request.where, request.start_time);
  if (!matcher.ok()) return matcher.status();
  if (request.limit == 0) return storage::SearchResult();
  if (request.order == storage::Order::kSlowest)
    return SlowestSearch(context, snapshot, request, *matcher);
  return NewestSearch(context, snapshot, request, *matcher).Run();
}

}  // namespace spandrel::columnar
