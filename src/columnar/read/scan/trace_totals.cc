// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/trace_totals.h"

#include <list>

#include "base/prefetch.h"
#include "columnar/hash/content_hash.h"
#include "columnar/read/match/row_matcher.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

// So many times as many traces in a row group as are wanted: its filter is asked for each.
constexpr size_t kManyMore = 16;
// Traces of a row group whose totals are asked of the memory ahead of time.
constexpr size_t kAhead = 8;

class TraceCollector {
 public:
  TraceCollector(Scan& scan, const Matcher& matcher)
      : scan_(scan), matcher_(matcher), rows_(matcher), memory_(scan.context()) {}

  // The ids of all traces with a matching span, each once.
  Result<TraceIdList> Run() {
    const Result<std::vector<ScanUnit>> units = scan_.Units(matcher_);
    if (!units.ok()) return units.status();
    for (const ScanUnit& unit : *units) {
      SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
      const bool is_added = unit.source < scan_.part_count() && AddGroup(unit);
      if (!is_added) SPANDREL_RETURN_IF_ERROR(AddSpans(unit));
      // The lists, and what they are merged into.
      SPANDREL_RETURN_IF_ERROR(memory_.GrowTo(2 * listed_ * sizeof(span::TraceId)));
    }
    TraceIdList ids = MergeTraceIds(lists_);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
  }

 private:
  // False when the row group cannot be read.
  bool AddGroup(const ScanUnit& unit) {
    const Result<RowGroupPtr> group = scan_.snapshot().parts[unit.source]->Group(unit.index);
    if (!group.ok()) return false;
    const auto ids = (*group)->TraceIds();
    const auto first_rows = (*group)->FirstRows();
    if (!ids.ok() || !first_rows.ok()) return false;
    scan_.CountScanned((*group)->row_count());
    if (rows_.MatchesAll((*group)->facts())) {
      lists_.emplace_back(*ids, (*group)->trace_count());
      listed_ += (*group)->trace_count();
      return true;
    }
    const auto rows = rows_.RowsOf(*group, unit.source);
    if (!rows.ok()) return false;
    TraceIdList found;
    uint32_t trace = 0;
    for (const uint32_t row : *rows) {
      if (row < (**first_rows)[trace]) continue;
      while ((**first_rows)[trace + 1] <= row) ++trace;
      found.push_back((*ids)[trace++]);
    }
    Keep(std::move(found));
    return true;
  }

  Status AddSpans(const ScanUnit& unit) {
    TraceIdList found;
    SPANDREL_RETURN_IF_ERROR(
        scan_.Visit(unit, matcher_, Content::kLight, [&](const span::SpanRef& span) {
          found.push_back(span.entry().trace_id);
          return Status();
        }));
    std::sort(found.begin(), found.end());
    Keep(std::move(found));
    return {};
  }

  void Keep(TraceIdList found) {
    listed_ += found.size();
    found_.push_back(std::move(found));
    lists_.emplace_back(found_.back());
  }

  Scan& scan_;
  const Matcher& matcher_;
  RowMatcher rows_;
  std::list<TraceIdList> found_;
  std::vector<TraceIdSpan> lists_;  // of found_ and of parts
  size_t listed_ = 0;               // ids in lists_
  storage::QueryMemory memory_;
};

void AddTo(const TraceTotals& more, TraceTotals* all) {
  all->min_start = std::min(all->min_start, more.min_start);
  all->max_end = std::max(all->max_end, more.max_end);
  all->has_error |= more.has_error;
  all->weight = std::max(all->weight, more.weight);
}

// The totals of wanted traces, by their place in `ids`.
class TotalsCollector {
 public:
  explicit TotalsCollector(TraceIdList ids)
      : ids_(std::move(ids)), index_(ids_), totals_(ids_.size()) {}

  Status AddParts(const storage::QueryContext& context, const Snapshot& snapshot) {
    for (uint32_t part = 0; part < snapshot.parts.size(); ++part) {
      const Part& stored = *snapshot.parts[part];
      for (uint32_t i = 0; i < stored.footer().groups.size(); ++i) {
        SPANDREL_RETURN_IF_ERROR(context.Check());
        if (!MayHaveAny(stored, i)) continue;
        const Result<RowGroupPtr> group = stored.Group(i);
        const Status added = group.ok() ? AddGroup(**group) : group.status();
        if (!added.ok()) NoteUnreadable(snapshot, part, i, added);
      }
    }
    return {};
  }

  // A span that was left out of a head as resent may be read here again: it moves neither start nor
  // end, and of the errors only whether there are any counts.
  Status AddHeads(const storage::QueryContext& context, const Snapshot& snapshot) {
    for (const HeadView& head : snapshot.heads) {
      for (const HeadChunk& chunk : head.chunks()) {
        SPANDREL_RETURN_IF_ERROR(context.Check());
        const auto loaded = head.Load(chunk);
        if (loaded == nullptr) continue;
        for (const span::SpanEntry& span : loaded->spans) AddSpan(span);
      }
    }
    return {};
  }

  TotalsOfTraces Finish() && { return {std::move(ids_), std::move(totals_)}; }

 private:
  bool MayHaveAny(const Part& part, uint32_t group) const {
    if (ids_.size() > part.footer().groups[group].trace_count / kManyMore) return true;
    return std::any_of(ids_.begin(), ids_.end(), [&](const span::TraceId& id) {
      return part.MayHaveTrace(group, TraceIdHash(id));
    });
  }

  Status AddGroup(const RowGroup& group) {
    const auto ids = group.TraceIds();
    if (!ids.ok()) return ids.status();
    const auto starts = group.Packed(SectionKind::kTraceStarts);
    if (!starts.ok()) return starts.status();
    const auto durations = group.Packed(SectionKind::kTraceDurations);
    if (!durations.ok()) return durations.status();
    const auto errors = group.Packed(SectionKind::kTraceErrors);
    if (!errors.ok()) return errors.status();
    const auto weights = group.Weights();
    if (!weights.ok()) return weights.status();
    ForEachWanted({*ids, group.trace_count()}, [&](size_t in_group, size_t place) {
      const auto trace = static_cast<uint32_t>(in_group);
      const uint64_t start = starts->At(trace);
      const uint16_t weight = weights->empty() ? uint16_t{1} : (*weights)[trace];
      AddTo({start, start + durations->At(trace), errors->At(trace) > 0, weight}, &totals_[place]);
    });
    return {};
  }

  // Calls `visit(size_t in_group, size_t place)` for each wanted trace of a row group.
  template <typename Visit>
  void ForEachWanted(TraceIdSpan group, Visit&& visit) const {
    if (ids_.size() <= group.size()) return ForEachCommonTrace(group, ids_, visit);
    for (size_t i = 0; i < group.size(); ++i) {
      if (i + kAhead < group.size()) {
        const size_t place = index_.PlaceNear(group[i + kAhead]);
        base::Prefetch(&ids_[place]);
        base::Prefetch(&totals_[place]);
      }
      if (const auto place = index_.Find(group[i])) visit(i, *place);
    }
  }

  void AddSpan(const span::SpanEntry& span) {
    const auto place = index_.Find(span.trace_id);
    if (!place) return;
    AddTo({span.start_time_unix_nano, span.end_time_unix_nano,
           span.status == span::SpanStatus::kError},
          &totals_[*place]);
  }

  TraceIdList ids_;
  const TraceIdIndex index_;  // of ids_
  std::vector<TraceTotals> totals_;
};

}  // namespace

Result<TotalsOfTraces> TotalsOfMatchingTraces(Scan& scan, const Matcher& matcher,
                                              storage::QueryMemory* memory) {
  Result<TraceIdList> ids = TraceCollector(scan, matcher).Run();
  if (!ids.ok()) return ids.status();
  SPANDREL_RETURN_IF_ERROR(
      memory->Grow(ids->size() * (sizeof(span::TraceId) + sizeof(TraceTotals))));
  TotalsCollector totals(*std::move(ids));
  SPANDREL_RETURN_IF_ERROR(totals.AddParts(scan.context(), scan.snapshot()));
  SPANDREL_RETURN_IF_ERROR(totals.AddHeads(scan.context(), scan.snapshot()));
  return std::move(totals).Finish();
}

}  // namespace spandrel::columnar
