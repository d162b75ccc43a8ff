// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/trace_facts.h"

#include <xxhash.h>

#include <algorithm>
#include <optional>

#include "columnar/hash/content_hash.h"
#include "columnar/read/match/group_filter.h"
#include "columnar/read/scan/trace_ids.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::AttributeField;
using storage::AttributeScope;
using storage::CompareOp;
using storage::Predicate;

void AddOperation(uint64_t hash, std::vector<uint64_t>* operations) {
  const auto at = std::lower_bound(operations->begin(), operations->end(), hash);
  if (at == operations->end() || *at != hash) operations->insert(at, hash);
}

// What one row group says of its traces. Only what is asked for is read.
class GroupFacts {
 public:
  GroupFacts(PartPtr part, uint32_t index, const Matcher* matching)
      : part_(std::move(part)), index_(index), matching_(matching) {}

  Status Open() {
    Result<RowGroupPtr> group = part_->Group(index_);
    if (!group.ok()) return group.status();
    group_ = std::move(*group);
    const auto first_rows = group_->FirstRows();
    if (!first_rows.ok()) return first_rows.status();
    first_rows_ = *first_rows;
    Result<std::vector<uint16_t>> weights = group_->Weights();
    if (!weights.ok()) return weights.status();
    weights_ = std::move(*weights);
    operations_.resize(group_->table().templates.size());
    SPANDREL_RETURN_IF_ERROR(OpenColumns());
    return FindMatching();
  }

  const RowGroup& group() const { return *group_; }

  // Adds what it says of its trace number `trace`.
  void AddTo(uint32_t trace, TraceFacts* facts) {
    const uint16_t weight = weights_.empty() ? uint16_t{1} : weights_[trace];
    if (part_->footer().policy) facts->decided = std::max(facts->decided, weight);
    const uint32_t first = (*first_rows_)[trace];
    const uint32_t end = (*first_rows_)[trace + 1];
    const uint64_t start = starts_.At(trace);
    facts->min_start = std::min(facts->min_start, start);
    facts->max_end = std::max(facts->max_end, start + durations_.At(trace));
    facts->has_error |= errors_.At(trace) > 0;
    const auto match = std::lower_bound(matching_rows_.begin(), matching_rows_.end(), first);
    facts->is_matching |= match != matching_rows_.end() && *match < end;
    templates_.resize(end - first);
    template_of_.Read(first, end - first, templates_.data());
    for (const uint32_t made : templates_) AddOperation(OperationOf(made), &facts->operations);
  }

 private:
  Status OpenColumns() {
    const std::pair<SectionKind, columns::PackedInts*> columns[] = {
        {SectionKind::kTraceStarts, &starts_},
        {SectionKind::kTraceDurations, &durations_},
        {SectionKind::kTraceErrors, &errors_},
        {SectionKind::kTemplateOf, &template_of_},
    };
    for (const auto& [kind, column] : columns) {
      Result<columns::PackedInts> packed = group_->Packed(kind);
      if (!packed.ok()) return packed.status();
      *column = *packed;
    }
    return {};
  }

  Status FindMatching() {
    if (matching_ == nullptr) return {};
    DictionaryVerdicts verdicts(*matching_, group_->shared_dictionary());
    if (!GroupMayMatch(*part_, index_, *matching_, verdicts)) return {};
    RowColumns columns;
    Result<std::vector<uint32_t>> rows = MatchingRows(group_, *matching_, verdicts, &columns);
    if (!rows.ok()) return rows.status();
    matching_rows_ = std::move(*rows);
    return {};
  }

  // The same in every part for the same service, name and kind; never 0.
  uint64_t OperationOf(uint32_t template_id) {
    uint64_t& hash = operations_[template_id];
    if (hash != 0) return hash;
    const Template& made = group_->table().templates[template_id];
    const Dictionary& dictionary = group_->dictionary();
    const auto service = dictionary.ServiceAt(dictionary.scopes[made.scope].resource);
    const auto name = dictionary.NameAt(made.name);
    hash = XXH3_64bits_withSeed(service.data(), service.size(), static_cast<uint64_t>(made.kind));
    hash = XXH3_64bits_withSeed(name.data(), name.size(), hash) | 1;
    return hash;
  }

  const PartPtr part_;
  const uint32_t index_;
  const Matcher* const matching_;
  RowGroupPtr group_;
  const std::vector<uint32_t>* first_rows_ = nullptr;
  columns::PackedInts starts_, durations_, errors_, template_of_;
  std::vector<uint16_t> weights_;
  std::vector<uint32_t> matching_rows_;
  std::vector<uint64_t> operations_;  // of templates; 0 when it was not asked for
  std::vector<uint32_t> templates_;   // of the rows of one trace
};

// Adds what another row group says of the same traces; it is opened once it is needed.
class Elsewhere {
 public:
  Elsewhere(PartPtr part, uint32_t index, const Matcher* matching)
      : part_(part), index_(index), facts_(std::move(part), index, matching) {}

  // True when the row group has the trace.
  bool AddTo(const span::TraceId& id, TraceFacts* facts) {
    if (!part_->MayHaveTrace(index_, TraceIdHash(id))) return false;
    const Result<bool> added = AddFound(id, facts);
    facts->is_uncertain |= !added.ok();
    return added.ok() && *added;
  }

 private:
  Result<bool> AddFound(const span::TraceId& id, TraceFacts* facts) {
    if (!is_open_) {
      is_open_ = true;
      opened_ = facts_.Open();
    }
    SPANDREL_RETURN_IF_ERROR(opened_);
    const auto trace = facts_.group().FindTrace(id);
    if (!trace.ok()) return trace.status();
    if (*trace) facts_.AddTo(**trace, facts);
    return trace->has_value();
  }

  const PartPtr part_;
  const uint32_t index_;
  GroupFacts facts_;
  bool is_open_ = false;
  Status opened_;
};

// The ids of a row group where the part has them; nothing when it cannot be read.
std::optional<TraceIdSpan> TraceIdsOf(const Part& part, uint32_t group) {
  const Result<RowGroupPtr> open = part.Group(group);
  if (!open.ok()) return std::nullopt;
  const auto ids = (*open)->TraceIds();
  if (!ids.ok()) return std::nullopt;
  return TraceIdSpan(*ids, (*open)->trace_count());
}

// Of all row groups that can be read, each once.
TraceIdList TraceIdsOf(const Part& part) {
  std::vector<TraceIdSpan> lists;
  for (uint32_t g = 0; g < part.footer().groups.size(); ++g) {
    if (const auto ids = TraceIdsOf(part, g)) lists.push_back(*ids);
  }
  TraceIdList all = MergeTraceIds(lists);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// True when a row group has one of the traces, or cannot be read.
bool MayHaveAny(const Part& part, uint32_t group, const TraceIdList& wanted) {
  const auto ids = TraceIdsOf(part, group);
  if (!ids) return true;
  bool has_any = false;
  ForEachCommonTrace(*ids, wanted, [&](size_t, size_t) { has_any = true; });
  return has_any;
}

}  // namespace

Result<Matcher> MatcherOf(const std::vector<PolicyOptions::Match>& wanted) {
  std::vector<Predicate> any;
  for (const auto& [key, value] : wanted) {
    for (const AttributeScope scope : {AttributeScope::kSpan, AttributeScope::kResource}) {
      any.push_back(Predicate::Compare(AttributeField{scope, key}, CompareOp::kTextEqual, value));
    }
  }
  return Matcher::Make(Predicate::Or(std::move(any)), storage::TimeRange());
}

FactsCollector::FactsCollector(PartPtr part, const std::vector<PartPtr>& parts,
                               const Matcher* matching, std::chrono::nanoseconds reach)
    : part_(std::move(part)),
      matching_(matching),
      reach_nano_(static_cast<uint64_t>(reach.count())) {
  const TraceIdList ids = TraceIdsOf(*part_);
  for (const PartPtr& other : parts) {
    const auto& groups = other->footer().groups;
    for (uint32_t g = 0; g < groups.size(); ++g) {
      const bool may_share = other == part_ || (IsNear(groups[g]) && MayHaveAny(*other, g, ids));
      if (may_share) shared_.push_back({other, g});
    }
    if (!other->footer().policy) continue;
    const auto& left = other->footer().policy->left_elsewhere;
    dropped_.insert(dropped_.end(), left.begin(), left.end());
  }
  std::sort(dropped_.begin(), dropped_.end());
}

bool FactsCollector::IsNear(const GroupRecord& group) const {
  const PartFooter& own = part_->footer();
  const auto is_far = [&](uint64_t earlier, uint64_t later) {
    return later > earlier && later - earlier > reach_nano_;
  };
  return !is_far(own.max_start, group.min_start) && !is_far(group.max_start, own.min_start);
}

Result<std::vector<TraceFacts>> FactsCollector::OfGroup(uint32_t group) const {
  auto facts = Collect(group);
  if (facts.status().code() == base::StatusCode::kDataLoss) {
    part_->NoteDamagedGroup(group, facts.status());
  }
  return facts;
}

Result<std::vector<TraceFacts>> FactsCollector::Collect(uint32_t group) const {
  GroupFacts own(part_, group, matching_);
  SPANDREL_RETURN_IF_ERROR(own.Open());
  const auto ids = own.group().TraceIds();
  if (!ids.ok()) return ids.status();
  std::vector<TraceFacts> facts(own.group().trace_count());
  for (uint32_t i = 0; i < facts.size(); ++i) {
    own.AddTo(i, &facts[i]);
    facts[i].was_dropped =
        std::binary_search(dropped_.begin(), dropped_.end(), TraceIdHash((*ids)[i]));
  }
  for (const Place& place : shared_) {
    if (place.part == part_ && place.group == group) continue;
    const bool is_open_case = place.part != part_ && !place.part->footer().policy;
    Elsewhere elsewhere(place.part, place.group, matching_);
    for (uint32_t i = 0; i < facts.size(); ++i) {
      const bool found = elsewhere.AddTo((*ids)[i], &facts[i]);
      facts[i].is_elsewhere |= found && is_open_case;
    }
  }
  return facts;
}

}  // namespace spandrel::columnar
