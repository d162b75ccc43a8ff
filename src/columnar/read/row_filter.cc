// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/row_filter.h"

#include <algorithm>
#include <cstring>

#include "columnar/part/row_reader.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::Predicate;

// One byte a row: 1 where something holds. Empty when it holds nowhere.
using Mask = std::vector<uint8_t>;

bool HoldsAnywhere(const std::vector<uint8_t>& verdicts) {
  return !verdicts.empty() && std::memchr(verdicts.data(), 1, verdicts.size()) != nullptr;
}

std::vector<uint32_t> RowsOf(const Mask& mask) {
  std::vector<uint32_t> rows;
  const uint8_t* const begin = mask.data();
  const uint8_t* const end = begin + mask.size();
  for (const uint8_t* at = begin; at != end; ++at) {
    // Where few rows are left, most of them are passed over by memchr.
    if (*at == 0)
      at = static_cast<const uint8_t*>(std::memchr(at, 1, static_cast<size_t>(end - at)));
    if (at == nullptr) break;
    rows.push_back(static_cast<uint32_t>(at - begin));
  }
  return rows;
}

class GroupFilter {
 public:
  GroupFilter(const RowGroupPtr& group, const Matcher& matcher, DictionaryVerdicts& verdicts)
      : group_(group), matcher_(matcher), verdicts_(verdicts) {}

  Result<std::vector<uint32_t>> Run() {
    mask_.assign(group_->row_count(), 1);
    SPANDREL_RETURN_IF_ERROR(CutTimeRange());
    for (const Condition& condition : matcher_.conditions()) {
      if (!HoldsAnywhere(mask_)) break;
      Result<Mask> holds = Decide(condition);
      if (!holds.ok()) return holds.status();
      mask_ = std::move(*holds);
    }
    return RowsOf(mask_);
  }

 private:
  Status CutTimeRange() {
    const storage::TimeRange& range = matcher_.range();
    const GroupRecord& facts = group_->facts();
    if (range.Contains(facts.min_start) && range.Contains(facts.max_start)) return {};
    SPANDREL_RETURN_IF_ERROR(LoadStarts());
    for (uint32_t row = 0; row < mask_.size(); ++row) mask_[row] = range.Contains(starts_[row]);
    return {};
  }

  // Which of the rows that are left the condition holds for. Steps leave their masks on a stack.
  Result<Mask> Decide(const Condition& condition) {
    std::vector<Mask> stack;
    for (const ConditionStep& step : condition.steps) {
      if (step.kind == Predicate::Kind::kCompare) {
        Result<Mask> holds = DecideLeaf(step.leaf);
        if (!holds.ok()) return holds;
        stack.push_back(std::move(*holds));
      } else {
        Combine(step, &stack);
      }
    }
    return std::move(stack.back());
  }

  void Combine(const ConditionStep& step, std::vector<Mask>* stack) const {
    const auto first = stack->end() - static_cast<ptrdiff_t>(step.child_count);
    Mask combined = step.kind == Predicate::Kind::kOr ? Mask() : mask_;
    for (auto child = first; child != stack->end(); ++child) {
      switch (step.kind) {
        case Predicate::Kind::kOr:
          Unite(std::move(*child), &combined);
          break;
        case Predicate::Kind::kAnd:
          Intersect(*child, &combined);
          break;
        default:
          Subtract(*child, &combined);
      }
    }
    stack->erase(first, stack->end());
    stack->push_back(std::move(combined));
  }

  static void Unite(Mask more, Mask* all) {
    if (all->empty()) {
      *all = std::move(more);
      return;
    }
    for (size_t row = 0; row < more.size(); ++row) (*all)[row] |= more[row];
  }

  static void Intersect(const Mask& other, Mask* left) {
    if (other.empty()) left->clear();
    for (size_t row = 0; row < left->size(); ++row) (*left)[row] &= other[row];
  }

  static void Subtract(const Mask& other, Mask* left) {
    if (left->empty()) return;
    for (size_t row = 0; row < other.size(); ++row) {
      (*left)[row] &= static_cast<uint8_t>(other[row] ^ 1);
    }
  }

  Result<Mask> DecideLeaf(uint32_t leaf) {
    switch (matcher_.leaves()[leaf].source) {
      case LeafSource::kScope:
      case LeafSource::kName:
      case LeafSource::kTemplate:
        return DecideByTemplate(leaf);
      case LeafSource::kTime:
        return DecideByTime(leaf);
      case LeafSource::kIds:
        return DecideByEntry(leaf);
      default:
        return DecideByColumns(leaf);
    }
  }

  Result<Mask> DecideByTemplate(uint32_t leaf) {
    const auto& templates = group_->table().templates;
    const LeafSource source = matcher_.leaves()[leaf].source;
    if (source == LeafSource::kScope && !verdicts_.AnyScope(leaf)) return Mask();
    if (source == LeafSource::kName && !verdicts_.AnyName(leaf)) return Mask();
    std::vector<uint8_t> verdicts(templates.size());
    for (size_t i = 0; i < templates.size(); ++i) {
      const Template& made = templates[i];
      verdicts[i] = source == LeafSource::kScope  ? verdicts_.Scope(leaf, made.scope)
                    : source == LeafSource::kName ? verdicts_.Name(leaf, made.name)
                                                  : verdicts_.KindAndStatus(leaf, made);
    }
    if (!HoldsAnywhere(verdicts)) return Mask();
    SPANDREL_RETURN_IF_ERROR(LoadTemplates());
    Mask holds(mask_.size());
    for (size_t row = 0; row < holds.size(); ++row) {
      holds[row] = mask_[row] & verdicts[template_of_[row]];
    }
    return holds;
  }

  Result<Mask> DecideByTime(uint32_t leaf) {
    const Leaf& asked = matcher_.leaves()[leaf];
    const bool is_start =
        std::get<storage::Intrinsic>(asked.predicate.field) == storage::Intrinsic::kStartTime;
    SPANDREL_RETURN_IF_ERROR(LoadStarts());
    if (!is_start) SPANDREL_RETURN_IF_ERROR(LoadDurations());
    Mask holds(mask_.size());
    for (size_t row = 0; row < holds.size(); ++row) {
      if (mask_[row] == 0) continue;
      const uint64_t value = is_start ? starts_[row] : DurationOf(row);
      holds[row] =
          asked.evaluator->MatchesValue(span::ValueView::OfInt(static_cast<int64_t>(value)));
    }
    return holds;
  }

  // As span::SpanEntry::duration_nano() has it: zero for a span that ends before it starts.
  uint64_t DurationOf(size_t row) const {
    return starts_[row] + durations_[row] > starts_[row] ? durations_[row] : 0;
  }

  Result<Mask> DecideByEntry(uint32_t leaf) {
    RowReader reader(group_);
    SPANDREL_RETURN_IF_ERROR(reader.Load(0, group_->row_count()));
    span::SpanChunk probe = SharedChunk(group_->dictionary());
    probe.spans.resize(1);
    Mask holds(mask_.size());
    for (uint32_t row = 0; row < holds.size(); ++row) {
      if (mask_[row] == 0) continue;
      probe.spans[0] = reader.EntryOf(row);
      holds[row] = matcher_.leaves()[leaf].evaluator->Matches(span::SpanRef(probe, 0));
    }
    return holds;
  }

  // A leaf that cells decide: which cells, the template says; what they say, the column.
  Result<Mask> DecideByColumns(uint32_t leaf) {
    const LeafDeciders deciders(*group_, matcher_.leaves()[leaf], verdicts_.Texts(leaf));
    Mask holds;
    if (deciders.AnyFixed()) {
      SPANDREL_RETURN_IF_ERROR(LoadTemplates());
      holds.resize(mask_.size());
      for (size_t row = 0; row < holds.size(); ++row) {
        holds[row] = mask_[row] & deciders.Fixed(template_of_[row]);
      }
    }
    for (const uint32_t column : deciders.columns()) {
      const Result<std::vector<uint8_t>> hits = deciders.Hits(column);
      if (!hits.ok()) return hits.status();
      SPANDREL_RETURN_IF_ERROR(MarkHits(deciders, column, *hits, &holds));
    }
    return holds;
  }

  // Goes through the rows and the cells of a column side by side.
  Status MarkHits(const LeafDeciders& deciders, uint32_t column, const std::vector<uint8_t>& hits,
                  Mask* holds) {
    if (!HoldsAnywhere(hits)) return {};
    SPANDREL_RETURN_IF_ERROR(LoadTemplates());
    holds->resize(mask_.size());
    const std::vector<uint8_t> role = deciders.RolesOf(column);
    size_t cell = 0;
    for (size_t row = 0; row < holds->size(); ++row) {
      const uint8_t in_template = role[template_of_[row]];
      if (in_template == LeafDeciders::kNoCell) continue;
      if (cell == hits.size()) return {base::StatusCode::kDataLoss, "cell is missing"};
      const uint8_t hit = hits[cell++];
      if (in_template == LeafDeciders::kDecides) (*holds)[row] |= hit & mask_[row];
    }
    return {};
  }

  Status LoadTemplates() {
    if (!template_of_.empty()) return {};
    const auto packed = group_->Packed(FrameKind::kTemplateOf);
    if (!packed.ok()) return packed.status();
    template_of_.resize(group_->row_count());
    packed->Read(0, group_->row_count(), template_of_.data());
    return {};
  }

  Status LoadStarts() {
    if (!starts_.empty()) return {};
    const auto first_rows = group_->FirstRows();
    if (!first_rows.ok()) return first_rows.status();
    const auto packed = group_->Packed(FrameKind::kStarts);
    if (!packed.ok()) return packed.status();
    const auto trace_starts = group_->Packed(FrameKind::kTraceStarts);
    if (!trace_starts.ok()) return trace_starts.status();
    starts_.resize(group_->row_count());
    packed->Read(0, group_->row_count(), starts_.data());
    std::vector<uint64_t> of_trace(group_->trace_count());
    trace_starts->Read(0, group_->trace_count(), of_trace.data());
    for (uint32_t trace = 0; trace < of_trace.size(); ++trace) {
      const uint32_t end = (**first_rows)[trace + 1];
      for (uint32_t row = (**first_rows)[trace]; row < end; ++row) starts_[row] += of_trace[trace];
    }
    return {};
  }

  Status LoadDurations() {
    if (!durations_.empty()) return {};
    const auto packed = group_->Packed(FrameKind::kDurations);
    if (!packed.ok()) return packed.status();
    durations_.resize(group_->row_count());
    packed->Read(0, group_->row_count(), durations_.data());
    return {};
  }

  const RowGroupPtr& group_;
  const Matcher& matcher_;
  DictionaryVerdicts& verdicts_;
  Mask mask_;  // the rows that are left
  std::vector<uint32_t> template_of_;
  std::vector<uint64_t> starts_;
  std::vector<uint64_t> durations_;
};

}  // namespace

Result<std::vector<uint32_t>> MatchingRows(const RowGroupPtr& group, const Matcher& matcher,
                                           DictionaryVerdicts& verdicts) {
  return GroupFilter(group, matcher, verdicts).Run();
}

}  // namespace spandrel::columnar
