// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/trace_totals.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

void AddTo(const span::TraceId& id, const TraceTotals& more, TotalsOfTraces* totals) {
  const auto found = totals->find(id);
  if (found == totals->end()) return;
  TraceTotals& all = found->second;
  all.min_start = std::min(all.min_start, more.min_start);
  all.max_end = std::max(all.max_end, more.max_end);
  all.has_error |= more.has_error;
}

Status AddParts(const Snapshot& snapshot, TotalsOfTraces* totals) {
  for (const PartPtr& part : snapshot.parts) {
    const Result<const PartColumns*> columns = part->Columns();
    if (!columns.ok()) return columns.status();
    for (const TraceRecord& trace : (*columns)->traces) {
      AddTo(trace.id, {trace.min_start, trace.max_end, trace.error_count > 0}, totals);
    }
  }
  return {};
}

// A span that was left out of a head as resent may be read here again: it moves neither start nor
// end, and of the errors only whether there are any counts.
void AddHeads(const Snapshot& snapshot, TotalsOfTraces* totals) {
  for (const HeadView& head : snapshot.heads) {
    for (const HeadChunk& chunk : head.chunks()) {
      for (const span::SpanEntry& span : chunk.chunk->spans) {
        const bool error = span.status == span::SpanStatus::kError;
        AddTo(span.trace_id, {span.start_time_unix_nano, span.end_time_unix_nano, error}, totals);
      }
    }
  }
}

}  // namespace

Result<TotalsOfTraces> TotalsOfMatchingTraces(Scan& scan, const Matcher& matcher) {
  TotalsOfTraces totals;
  SPANDREL_RETURN_IF_ERROR(scan.VisitAll(matcher, Content::kLight, [&](const span::SpanRef& span) {
    totals.try_emplace(span.entry().trace_id);
  }));
  SPANDREL_RETURN_IF_ERROR(AddParts(scan.snapshot(), &totals));
  AddHeads(scan.snapshot(), &totals);
  return totals;
}

}  // namespace spandrel::columnar
