// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/dependencies.h"

#include <algorithm>
#include <iterator>
#include <list>
#include <set>
#include <tuple>

#include "columnar/hash/content_hash.h"
#include "columnar/read/count/call_counts.h"
#include "columnar/read/match/row_columns.h"
#include "columnar/read/match/row_matcher.h"
#include "columnar/read/scan/parallel.h"
#include "columnar/read/scan/scan.h"
#include "columnar/read/scan/trace_ids.h"

// A child's parent is the earliest span of its trace that has the wanted id. A row group knows it
// as a row, for traces that lie in that row group alone: nearly all. Traces that lie in several
// places are fetched as a whole, those of the heads alone are put together from the heads.
namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using span::SpanRef;

// So many times as many traces in a row group as are wanted: its filter is asked for each.
constexpr size_t kManyMore = 16;
constexpr uint64_t kNoRow = UINT64_MAX;
// What a span of a head takes, one that was decoded for this query too.
constexpr size_t kHeadSpanBytes = sizeof(SpanRef) + sizeof(span::TraceId) + sizeof(span::SpanEntry);

// The calls of one trace, whose spans are ordered by start.
void AddCallsOf(const std::vector<SpanRef>& spans, storage::TimeRange range, CallCounts* calls) {
  std::vector<std::pair<span::SpanId, uint32_t>> by_id;
  by_id.reserve(spans.size());
  for (uint32_t i = 0; i < spans.size(); ++i) by_id.emplace_back(spans[i].entry().span_id, i);
  std::sort(by_id.begin(), by_id.end());
  for (const SpanRef& span : spans) {
    const span::SpanEntry& entry = span.entry();
    if (!range.Contains(entry.start_time_unix_nano)) continue;
    const auto parent =
        std::lower_bound(by_id.begin(), by_id.end(), std::pair(entry.parent_span_id, uint32_t{0}));
    if (parent == by_id.end() || parent->first != entry.parent_span_id) continue;
    const std::string_view service = spans[parent->second].service_name();
    calls->Add(calls->ServiceId(service), calls->ServiceId(span.service_name()),
               {entry.status == span::SpanStatus::kError, entry.duration_nano(), entry.weight});
  }
}

// What a call needs of a chunk, for one that is decoded for this query alone. Null of null.
std::shared_ptr<const span::SpanChunk> WithoutMessages(
    const std::shared_ptr<const span::SpanChunk>& chunk) {
  if (chunk == nullptr) return nullptr;
  auto light = std::make_shared<span::SpanChunk>();
  std::string names;
  for (const span::ResourceEntry& resource : chunk->resources) {
    const std::string_view name = resource.service_name.In(chunk->bytes());
    light->resources.emplace_back().service_name = {static_cast<uint32_t>(names.size()),
                                                    static_cast<uint32_t>(name.size())};
    names += name;
  }
  for (const span::ScopeEntry& scope : chunk->scopes) {
    light->scopes.emplace_back().resource = scope.resource;
  }
  light->spans = chunk->spans;
  for (span::SpanEntry& entry : light->spans) entry.message = entry.name = {};
  light->buffer = base::MakeSharedBytes(std::move(names));
  return light;
}

// Counts the calls within traces of row groups. One thread.
class GroupCalls {
 public:
  GroupCalls(storage::TimeRange range, const TraceIdList& shared)
      : range_(range), shared_(shared) {}

  CallCounts& calls() { return calls_; }

  // Leaves out the traces that are shared with other places. Adds all, or nothing and says why.
  Status Add(const RowGroup& group) {
    SPANDREL_RETURN_IF_ERROR(columns_.Load(group));
    const auto ids = group.TraceIds();
    if (!ids.ok()) return ids.status();
    const auto first_rows = group.FirstRows();
    if (!first_rows.ok()) return first_rows.status();
    first_rows_ = *first_rows;
    const auto parents = group.Packed(SectionKind::kParents);
    if (!parents.ok()) return parents.status();
    parents_.resize(group.row_count());
    parents->Read(0, group.row_count(), parents_.data());
    is_shared_.assign(group.trace_count(), 0);
    ForEachCommonTrace({*ids, group.trace_count()}, shared_,
                       [&](size_t trace, size_t) { is_shared_[trace] = 1; });
    for (uint32_t trace = 0; trace < group.trace_count(); ++trace) {
      SPANDREL_RETURN_IF_ERROR(FindParents(trace));
    }
    ListServices(group);
    for (uint32_t trace = 0; trace < group.trace_count(); ++trace) {
      if (is_shared_[trace] == 0) AddTrace(group, trace);
    }
    return {};
  }

 private:
  void ListServices(const RowGroup& group) {
    const Dictionary& dictionary = group.dictionary();
    service_of_template_.clear();
    for (const Template& made : group.table().templates) {
      const uint32_t resource = dictionary.scopes[made.scope].resource;
      service_of_template_.push_back(calls_.ServiceId(dictionary.ServiceAt(resource)));
    }
  }

  // Makes rows of a trace's parent codes, kNoRow where the parent is not of the trace.
  Status FindParents(uint32_t trace) {
    const uint32_t first = (*first_rows_)[trace];
    const uint32_t end = (*first_rows_)[trace + 1];
    for (uint32_t row = first; row < end; ++row) {
      const uint64_t code = parents_[row];
      parents_[row] = kNoRow;
      if (code < kFirstParentCode) continue;
      const uint64_t zigzag = code - kFirstParentCode;
      const auto distance = static_cast<int64_t>(zigzag >> 1) ^ -static_cast<int64_t>(zigzag & 1);
      const int64_t parent = int64_t{row} - distance;
      if (parent < first || parent >= end) {
        return {base::StatusCode::kDataLoss, "parent lies outside its trace"};
      }
      parents_[row] = static_cast<uint64_t>(parent);
    }
    return {};
  }

  void AddTrace(const RowGroup& group, uint32_t trace) {
    const std::vector<uint32_t>& template_of = columns_.template_of();
    for (uint32_t row = (*first_rows_)[trace]; row < (*first_rows_)[trace + 1]; ++row) {
      if (parents_[row] == kNoRow || !range_.Contains(columns_.starts()[row])) continue;
      const uint32_t template_id = template_of[row];
      calls_.Add(service_of_template_[template_of[parents_[row]]],
                 service_of_template_[template_id],
                 {group.table().templates[template_id].status == span::SpanStatus::kError,
                  columns_.durations()[row], columns_.WeightOf(row)});
    }
  }

  const storage::TimeRange range_;
  const TraceIdList& shared_;
  CallCounts calls_;
  RowColumns columns_;
  const std::vector<uint32_t>* first_rows_ = nullptr;  // of the row group that is added
  std::vector<uint64_t> parents_;                      // codes, then rows
  std::vector<uint8_t> is_shared_;                     // by trace
  std::vector<uint32_t> service_of_template_;
};

class DependencyFinder {
 public:
  DependencyFinder(const storage::QueryContext& context, const Snapshot& snapshot,
                   const Matcher& matcher)
      : snapshot_(snapshot), matcher_(matcher), scan_(context, snapshot), memory_(context) {}

  Result<std::vector<storage::Dependency>> Run() {
    const Result<std::vector<ScanUnit>> units = scan_.Units(matcher_);
    if (!units.ok()) return units.status();
    for (const ScanUnit& unit : *units) {
      SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
      if (unit.source < scan_.part_count()) ListGroup(unit);
    }
    SPANDREL_RETURN_IF_ERROR(CollectHeadSpans());
    SPANDREL_RETURN_IF_ERROR(FindSharedTraces());
    SPANDREL_RETURN_IF_ERROR(CountGroups());
    SPANDREL_RETURN_IF_ERROR(CountHeads());
    SPANDREL_RETURN_IF_ERROR(CountShared());
    return calls_.Finish();
  }

 private:
  struct GroupInRange {
    uint32_t part = 0;
    uint32_t index = 0;
    TraceIdSpan ids;  // where the part has them
  };

  void ListGroup(const ScanUnit& unit) {
    in_range_.insert({unit.source, unit.index});
    const Result<RowGroupPtr> group = snapshot_.parts[unit.source]->Group(unit.index);
    const auto ids = group.ok() ? (*group)->TraceIds() : group.status();
    if (!ids.ok()) return NoteUnreadable(snapshot_, unit.source, unit.index, ids.status());
    groups_.push_back({unit.source, unit.index, {*ids, (*group)->trace_count()}});
  }

  Status CollectHeadSpans() {
    for (const HeadView& head : snapshot_.heads) {
      TraceIdList& ids = head_ids_.emplace_back();
      for (const HeadChunk& chunk : head.chunks()) {
        SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
        const auto loaded = chunk.chunk ? chunk.chunk : WithoutMessages(head.Load(chunk));
        if (loaded == nullptr) continue;
        head_chunks_.push_back(loaded);
        for (const uint32_t i : head.SpansOf(chunk)) {
          head_spans_.emplace_back(*loaded, i);
          ids.push_back(head_spans_.back().entry().trace_id);
        }
        SPANDREL_RETURN_IF_ERROR(memory_.GrowTo(head_spans_.size() * kHeadSpanBytes));
      }
      std::sort(ids.begin(), ids.end());
      ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    }
    std::stable_sort(head_spans_.begin(), head_spans_.end(), [](const auto& a, const auto& b) {
      const span::SpanEntry& x = a.entry();
      const span::SpanEntry& y = b.entry();
      return std::tie(x.trace_id, x.start_time_unix_nano, x.span_id) <
             std::tie(y.trace_id, y.start_time_unix_nano, y.span_id);
    });
    return {};
  }

  Status FindSharedTraces() {
    std::vector<TraceIdSpan> lists(head_ids_.begin(), head_ids_.end());
    for (const GroupInRange& group : groups_) lists.push_back(group.ids);
    // The ids of all lists, and what they are merged into.
    size_t count = 0;
    for (const TraceIdSpan list : lists) count += list.size();
    SPANDREL_RETURN_IF_ERROR(memory_.Grow(2 * count * sizeof(span::TraceId)));
    TraceIdList ids = MergeTraceIds(lists);
    for (size_t i = 1; i < ids.size(); ++i) {
      if (ids[i] == ids[i - 1]) shared_.push_back(ids[i]);
    }
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (uint32_t part = 0; part < snapshot_.parts.size(); ++part) {
      const auto& groups = snapshot_.parts[part]->footer().groups;
      for (uint32_t i = 0; i < groups.size(); ++i) {
        SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
        if (in_range_.count({part, i}) == 0) AddSharedWith(part, i, ids);
      }
    }
    std::sort(shared_.begin(), shared_.end());
    shared_.erase(std::unique(shared_.begin(), shared_.end()), shared_.end());
    return {};
  }

  // Those of `ids` that a row group outside the range has too.
  void AddSharedWith(uint32_t part, uint32_t index, const TraceIdList& ids) {
    const Part& stored = *snapshot_.parts[part];
    if (ids.size() <= stored.footer().groups[index].trace_count / kManyMore) {
      const bool may_have = std::any_of(ids.begin(), ids.end(), [&](const span::TraceId& id) {
        return stored.MayHaveTrace(index, TraceIdHash(id));
      });
      if (!may_have) return;
    }
    const Result<RowGroupPtr> group = stored.Group(index);
    const auto in_group = group.ok() ? (*group)->TraceIds() : group.status();
    if (!in_group.ok()) return NoteUnreadable(snapshot_, part, index, in_group.status());
    ForEachCommonTrace(ids, {*in_group, (*group)->trace_count()},
                       [&](size_t i, size_t) { shared_.push_back(ids[i]); });
  }

  Status CountGroups() {
    GroupCalls own(matcher_.range(), shared_);
    GroupCalls helpers(matcher_.range(), shared_);
    storage::QueryMemory of_own(scan_.context());
    storage::QueryMemory of_helper(scan_.context());
    SPANDREL_RETURN_IF_ERROR(RunInParallel(groups_.size(), [&](bool is_helper, size_t i) {
      SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
      const auto& [part, index, ids] = groups_[i];
      const Result<RowGroupPtr> group = snapshot_.parts[part]->Group(index);
      GroupCalls& calls = is_helper ? helpers : own;
      const Status added = group.ok() ? calls.Add(**group) : group.status();
      if (!added.ok()) NoteUnreadable(snapshot_, part, index, added);
      if (added.ok()) scan_.context().Inspect((*group)->row_count(), 0);
      return (is_helper ? of_helper : of_own).GrowTo(calls.calls().byte_size());
    }));
    calls_.Merge(own.calls());
    calls_.Merge(helpers.calls());
    return {};
  }

  Status CountHeads() {
    std::vector<SpanRef> trace;
    for (size_t first = 0, end = 0; first < head_spans_.size(); first = end) {
      SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
      const span::TraceId& id = head_spans_[first].entry().trace_id;
      for (end = first; end < head_spans_.size(); ++end) {
        if (head_spans_[end].entry().trace_id != id) break;
      }
      if (std::binary_search(shared_.begin(), shared_.end(), id)) continue;
      trace.assign(head_spans_.begin() + static_cast<ptrdiff_t>(first),
                   head_spans_.begin() + static_cast<ptrdiff_t>(end));
      AddCallsOf(trace, matcher_.range(), &calls_);
    }
    return {};
  }

  Status CountShared() {
    TraceFetch traces(scan_);
    for (const span::TraceId& id : shared_) {
      const auto spans = traces.Load(id, {Content::kLight});
      if (!spans.ok()) return spans.status();
      AddCallsOf(**spans, matcher_.range(), &calls_);
    }
    return {};
  }

  const Snapshot& snapshot_;
  const Matcher& matcher_;
  Scan scan_;
  std::vector<GroupInRange> groups_;  // that may have spans in the range
  std::set<std::pair<uint32_t, uint32_t>> in_range_;
  std::vector<std::shared_ptr<const span::SpanChunk>> head_chunks_;
  std::vector<SpanRef> head_spans_;  // of all heads, by trace and start
  std::vector<TraceIdList> head_ids_;
  TraceIdList shared_;  // traces that lie in several places
  CallCounts calls_;
  storage::QueryMemory memory_;
};

}  // namespace

Result<std::vector<storage::Dependency>> FindDependencies(const storage::QueryContext& context,
                                                          const Snapshot& snapshot,
                                                          storage::TimeRange range) {
  const Result<Matcher> all = Matcher::Make(context, storage::Predicate::All(), range);
  if (!all.ok()) return all.status();
  return DependencyFinder(context, snapshot, *all).Run();
}

}  // namespace spandrel::columnar
