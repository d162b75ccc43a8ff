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

Status AddGroup(const RowGroup& group, TotalsOfTraces* totals) {
  const auto ids = group.TraceIds();
  if (!ids.ok()) return ids.status();
  const auto starts = group.Packed(FrameKind::kTraceStarts);
  if (!starts.ok()) return starts.status();
  const auto durations = group.Packed(FrameKind::kTraceDurations);
  if (!durations.ok()) return durations.status();
  const auto errors = group.Packed(FrameKind::kTraceErrors);
  if (!errors.ok()) return errors.status();
  for (uint32_t i = 0; i < group.trace_count(); ++i) {
    const uint64_t start = starts->At(i);
    AddTo((*ids)[i], {start, start + durations->At(i), errors->At(i) > 0}, totals);
  }
  return {};
}

void AddParts(const Snapshot& snapshot, TotalsOfTraces* totals) {
  for (const PartPtr& part : snapshot.parts) {
    for (uint32_t i = 0; i < part->footer().groups.size(); ++i) {
      const Result<RowGroupPtr> group = part->Group(i);
      if (!group.ok()) continue;
      const Status added = AddGroup(**group, totals);
      if (!added.ok()) part->NoteDamagedGroup(i, added);
    }
  }
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
  AddParts(scan.snapshot(), &totals);
  AddHeads(scan.snapshot(), &totals);
  return totals;
}

}  // namespace spandrel::columnar
