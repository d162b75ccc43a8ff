// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/trace_scan.h"

#include <algorithm>
#include <utility>

#include "columnar/read/export.h"
#include "storage/narrow.h"

namespace spandrel::columnar {

using base::Result;
using base::Status;

Result<TraceScanner> TraceScanner::Make(const storage::QueryContext& context,
                                        const storage::TraceScanRequest& request,
                                        storage::TraceSink& sink) {
  auto evaluator = storage::Evaluator::Make(request.where);
  if (!evaluator.ok()) return evaluator.status();
  TraceScanner scanner(context, request, sink);
  scanner.evaluator_ = *std::move(evaluator);
  return scanner;
}

Result<bool> TraceScanner::ListTraces(const Snapshot& snapshot) {
  const auto candidates = columnar::ListTraces(
      context_, snapshot, storage::Narrow(request_.where).where, request_.start_time);
  if (!candidates.ok()) return candidates.status();
  traces_.clear();
  for (const TraceStart& candidate : *candidates) traces_.push_back(candidate.id);
  if (request_.order == storage::ScanOrder::kNewest) {
    SPANDREL_RETURN_IF_ERROR(OrderByNewest(snapshot));
  }
  return true;
}

// Keeps the traces that are found, in their order.
Status TraceScanner::OrderByNewest(const Snapshot& snapshot) {
  Scan scan(context_, snapshot);
  TraceFetch fetch(scan);
  std::vector<std::pair<uint64_t, span::TraceId>> found;
  for (const span::TraceId& id : traces_) {
    const Result<Found> trace = Load(fetch, id);
    if (!trace.ok()) return trace.status();
    if (trace->newest_match) found.emplace_back(*trace->newest_match, id);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  traces_.clear();
  for (const auto& [newest, id] : found) traces_.push_back(id);
  return {};
}

Result<bool> TraceScanner::SendTraces(const Snapshot& snapshot) {
  Scan scan(context_, snapshot);
  TraceFetch fetch(scan);
  for (; next_ < traces_.size() && sent_ < request_.limit; ++next_) {
    const Result<Found> found = Load(fetch, traces_[next_]);
    if (!found.ok()) return found.status();
    if (!found->newest_match) continue;
    ++sent_;
    if (sink_.OnTrace(storage::SliceOf(found->trace, found->matched, request_))) continue;
    next_ = traces_.size();
    return false;
  }
  return true;
}

Result<TraceScanner::Found> TraceScanner::Load(TraceFetch& fetch, const span::TraceId& id) const {
  const auto spans = fetch.Load(id, Content::kFull);
  if (!spans.ok()) return spans.status();
  Found found{storage::TraceFields(**spans), {}, std::nullopt};
  found.matched.resize(found.trace.size());
  for (size_t i = 0; i < found.trace.size(); ++i) {
    const uint64_t start = found.trace.span(i).entry().start_time_unix_nano;
    if (!request_.start_time.Contains(start)) continue;
    if (!evaluator_->Matches(storage::TraceFields::Row(found.trace, i))) continue;
    found.matched[i] = 1;
    found.newest_match = start;
  }
  return found;
}

}  // namespace spandrel::columnar
