// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/candidates.h"

#include <algorithm>
#include <utility>

#include "columnar/hash/content_hash.h"
#include "columnar/read/traces/result_order.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

// The starts of fewer rows are read one by one.
constexpr size_t kFewRows = 64;

bool ComesLater(const Candidate& a, const Candidate& b) {
  return ResultOrder()(b.place, a.place);
}

// Calls `visit(uint32_t trace, size_t first, size_t end)` for each trace of the rows, which ascend:
// its number in the row group and which of them it has.
template <typename Visit>
Status ForEachTrace(const std::vector<uint32_t>& rows, const std::vector<uint32_t>& first_rows,
                    Visit&& visit) {
  // The next trace that has a row is mostly near.
  constexpr size_t kNear = 16;
  size_t trace = 0;
  for (size_t i = 0; i < rows.size();) {
    for (size_t step = 0; step < kNear && first_rows[trace + 1] <= rows[i]; ++step) ++trace;
    if (first_rows[trace + 1] <= rows[i]) {
      const auto from = first_rows.begin() + static_cast<ptrdiff_t>(trace);
      const auto next = std::upper_bound(from, first_rows.end(), rows[i]);
      trace = static_cast<size_t>(next - first_rows.begin()) - 1;
    }
    size_t end = i + 1;
    while (end < rows.size() && rows[end] < first_rows[trace + 1]) ++end;
    SPANDREL_RETURN_IF_ERROR(visit(static_cast<uint32_t>(trace), i, end));
    i = end;
  }
  return {};
}

}  // namespace

TraceCandidates::TraceCandidates(Scan& scan, const Question& question,
                                 const std::vector<Matcher>& needs)
    : scan_(scan), question_(question), memory_(scan.context()) {
  for (const Matcher& need : needs) needs_.push_back(std::make_unique<RowMatcher>(need));
}

Status TraceCandidates::AddFrom(const ScanUnit& unit) {
  SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
  added_ = 0;
  SPANDREL_RETURN_IF_ERROR(unit.source < scan_.part_count() ? AddFromGroup(unit)
                                                            : AddFromSpans(unit));
  // One by one where few come to many.
  if (added_ * 8 > heap_.size()) {
    std::make_heap(heap_.begin(), heap_.end(), ComesLater);
    return {};
  }
  for (auto end = heap_.end() - static_cast<ptrdiff_t>(added_); end != heap_.end();) {
    std::push_heap(heap_.begin(), ++end, ComesLater);
  }
  return {};
}

Candidate TraceCandidates::TakeFirst() {
  std::pop_heap(heap_.begin(), heap_.end(), ComesLater);
  const Candidate first = heap_.back();
  heap_.pop_back();
  return first;
}

std::vector<Candidate> TraceCandidates::TakeAll() {
  return std::exchange(heap_, {});
}

bool TraceCandidates::MayBeElsewhere(const Candidate& candidate) const {
  if (candidate.unit.source >= scan_.part_count()) return true;
  const span::TraceId& id = candidate.place.trace_id;
  const uint64_t hash = TraceIdHash(id);
  const Snapshot& snapshot = scan_.snapshot();
  for (uint32_t part = 0; part < snapshot.parts.size(); ++part) {
    const size_t groups = snapshot.parts[part]->footer().groups.size();
    for (uint32_t group = 0; group < groups; ++group) {
      const bool is_own = part == candidate.unit.source && group == candidate.unit.index;
      if (is_own || !snapshot.parts[part]->MayHaveTrace(group, hash)) continue;
      const Result<RowGroupPtr> open = snapshot.parts[part]->Group(group);
      const auto found = open.ok() ? (*open)->FindTrace(id) : open.status();
      if (!found.ok() || *found) return true;
    }
  }
  std::vector<span::SpanRef> spans;
  std::vector<std::shared_ptr<const span::SpanChunk>> chunks;
  for (const HeadView& head : snapshot.heads) head.FindTrace(id, &spans, &chunks);
  return !spans.empty();
}

Status TraceCandidates::AddFromGroup(const ScanUnit& unit) {
  const Result<PartSource*> source = scan_.Source(unit.source);
  if (!source.ok()) return source.status();
  const auto rows = (*source)->RowsOf(unit.index, question_.matcher);
  if (!rows.ok()) return {};
  scan_.CountScanned((*source)->part().footer().groups[unit.index].row_count);
  if ((*rows)->empty()) return {};
  const Result<RowGroupPtr> group = (*source)->part().Group(unit.index);
  Status added = group.ok() ? AddRows(unit, *group, **rows) : group.status();
  if (added.code() != base::StatusCode::kDataLoss) return added;
  (*source)->NoteUnreadable(unit.index, added);
  return {};
}

Status TraceCandidates::AddRows(const ScanUnit& unit, const RowGroupPtr& group,
                                const std::vector<uint32_t>& rows) {
  const auto ids = group->TraceIds();
  if (!ids.ok()) return ids.status();
  const auto first_rows = group->FirstRows();
  if (!first_rows.ok()) return first_rows.status();
  SPANDREL_RETURN_IF_ERROR(ReadStarts(*group, rows));
  SPANDREL_RETURN_IF_ERROR(FindNeeds(unit, group, **first_rows));
  return ForEachTrace(rows, **first_rows, [&](uint32_t trace, size_t first, size_t end) {
    const uint64_t newest = *std::max_element(starts_.begin() + static_cast<ptrdiff_t>(first),
                                              starts_.begin() + static_cast<ptrdiff_t>(end));
    const bool lacks_need = !has_need_.empty() && has_need_[trace] == 0;
    return Add({{newest, (*ids)[trace]}, unit, lacks_need});
  });
}

Status TraceCandidates::ReadStarts(const RowGroup& group, const std::vector<uint32_t>& rows) {
  starts_.clear();
  if (rows.size() >= kFewRows) {
    columns_.Open(group);
    SPANDREL_RETURN_IF_ERROR(columns_.LoadStarts());
    for (const uint32_t row : rows) starts_.push_back(columns_.starts()[row]);
    return {};
  }
  const auto first_rows = group.FirstRows();
  if (!first_rows.ok()) return first_rows.status();
  const auto starts = group.Packed(SectionKind::kStarts);
  if (!starts.ok()) return starts.status();
  const auto of_traces = group.Packed(SectionKind::kTraceStarts);
  if (!of_traces.ok()) return of_traces.status();
  return ForEachTrace(rows, **first_rows, [&](uint32_t trace, size_t first, size_t end) {
    for (size_t i = first; i < end; ++i) {
      starts_.push_back(of_traces->At(trace) + starts->At(rows[i]));
    }
    return Status();
  });
}

Status TraceCandidates::FindNeeds(const ScanUnit& unit, const RowGroupPtr& group,
                                  const std::vector<uint32_t>& first_rows) {
  has_need_.clear();
  // No range has the last moment of all.
  if (group->facts().max_start == UINT64_MAX) return {};
  for (const auto& need : needs_) {
    const auto rows = need->RowsOf(group, unit.source);
    if (!rows.ok()) return rows.status();
    has_one_.assign(group->trace_count(), 0);
    SPANDREL_RETURN_IF_ERROR(
        ForEachTrace(*rows, first_rows, [this](uint32_t trace, size_t, size_t) {
          has_one_[trace] = 1;
          return Status();
        }));
    if (has_need_.empty()) {
      has_need_.swap(has_one_);
      continue;
    }
    for (size_t i = 0; i < has_one_.size(); ++i) has_need_[i] &= has_one_[i];
  }
  return {};
}

Status TraceCandidates::AddFromSpans(const ScanUnit& unit) {
  return scan_.Visit(unit, question_.matcher, Content::kLight, [&](const span::SpanRef& span) {
    return Add({{span.entry().start_time_unix_nano, span.entry().trace_id}, unit, false});
  });
}

Status TraceCandidates::Add(Candidate candidate) {
  heap_.push_back(candidate);
  ++added_;
  return memory_.GrowTo(2 * heap_.size() * sizeof(Candidate));
}

}  // namespace spandrel::columnar
