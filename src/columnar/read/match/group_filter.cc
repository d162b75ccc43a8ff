// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/match/group_filter.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "columnar/part/read/row_reader.h"

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

// Eight rows of a mask from `row` on, the first one in the lowest byte; zeros behind the last row.
uint64_t WordAt(const Mask& mask, size_t row) {
  uint64_t word = 0;
  if (mask.size() - row >= sizeof(word)) {
    std::memcpy(&word, mask.data() + row, sizeof(word));
  } else {
    std::memcpy(&word, mask.data() + row, mask.size() - row);
  }
  return word;
}

size_t CountRows(const Mask& mask) {
  // Multiplied by this, the bytes of a word add up in the highest one.
  constexpr uint64_t kOnes = 0x0101010101010101;
  size_t count = 0;
  for (size_t row = 0; row < mask.size(); row += 8) count += WordAt(mask, row) * kOnes >> 56;
  return count;
}

std::vector<uint32_t> RowsOf(const Mask& mask) {
  std::vector<uint32_t> rows(CountRows(mask));
  uint32_t* next = rows.data();
  for (size_t row = 0; row < mask.size(); row += 8) {
    for (uint64_t left = WordAt(mask, row); left != 0; left &= left - 1) {
      *next++ = static_cast<uint32_t>(row) + static_cast<uint32_t>(std::countr_zero(left)) / 8;
    }
  }
  return rows;
}

bool Holds(const Leaf& leaf, int64_t value) {
  return leaf.evaluator->MatchesValue(span::ValueView::OfInt(value));
}

// Ints from one to another, both included.
struct IntRange {
  int64_t least = 0;
  int64_t most = 0;
};

// Those of `values` that a leaf holds of, where it holds of all from some number up, or down. So it
// need not be asked of each.
std::optional<IntRange> RangeOf(const Leaf& leaf, const std::vector<uint64_t>& values) {
  const storage::CompareOp op = leaf.predicate.op;
  const bool is_up =
      op == storage::CompareOp::kGreater || op == storage::CompareOp::kGreaterOrEqual;
  const bool is_down = op == storage::CompareOp::kLess || op == storage::CompareOp::kLessOrEqual;
  if (leaf.predicate.kind != Predicate::Kind::kCompare || (!is_up && !is_down)) return std::nullopt;
  const auto [least, most] = std::minmax_element(
      values.begin(), values.end(),
      [](uint64_t a, uint64_t b) { return static_cast<int64_t>(a) < static_cast<int64_t>(b); });
  IntRange range{static_cast<int64_t>(*least), static_cast<int64_t>(*most)};
  if (!Holds(leaf, is_up ? range.most : range.least)) return IntRange{INT64_MAX, INT64_MIN};
  // The number up to which it says one thing, and behind which it says the other.
  int64_t low = range.least;
  int64_t high = range.most;
  while (low < high) {
    const auto distance = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    const auto middle = static_cast<int64_t>(static_cast<uint64_t>(low) + distance / 2);
    if (Holds(leaf, middle) == is_up) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (is_up) return IntRange{low, range.most};
  return IntRange{range.least, Holds(leaf, low) ? low : low - 1};
}

class GroupFilter {
 public:
  GroupFilter(const RowGroupPtr& group, const Matcher& matcher, DictionaryVerdicts& verdicts,
              RowColumns* columns)
      : group_(group), matcher_(matcher), verdicts_(verdicts), columns_(*columns) {
    columns_.Open(*group);
  }

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
    SPANDREL_RETURN_IF_ERROR(columns_.LoadStarts());
    for (uint32_t row = 0; row < mask_.size(); ++row)
      mask_[row] = range.Contains(columns_.starts()[row]);
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
    size_t row = 0;
    for (; row + 8 <= left->size(); row += 8) {
      const uint64_t both = WordAt(*left, row) & WordAt(other, row);
      std::memcpy(left->data() + row, &both, sizeof(both));
    }
    for (; row < left->size(); ++row) (*left)[row] &= other[row];
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
    SPANDREL_RETURN_IF_ERROR(columns_.LoadTemplates());
    Mask holds(mask_.size());
    for (size_t row = 0; row < holds.size(); ++row) {
      holds[row] = mask_[row] & verdicts[columns_.template_of()[row]];
    }
    return holds;
  }

  Result<Mask> DecideByTime(uint32_t leaf) {
    const Leaf& asked = matcher_.leaves()[leaf];
    const bool is_start =
        std::get<storage::Intrinsic>(asked.predicate.field) == storage::Intrinsic::kStartTime;
    SPANDREL_RETURN_IF_ERROR(is_start ? columns_.LoadStarts() : columns_.LoadDurations());
    const std::vector<uint64_t>& values = is_start ? columns_.starts() : columns_.durations();
    Mask holds(mask_.size());
    if (const auto range = RangeOf(asked, values)) {
      for (size_t row = 0; row < holds.size(); ++row) {
        const auto value = static_cast<int64_t>(values[row]);
        holds[row] = mask_[row] & static_cast<uint8_t>(value >= range->least) &
                     static_cast<uint8_t>(value <= range->most);
      }
      return holds;
    }
    for (size_t row = 0; row < holds.size(); ++row) {
      if (mask_[row] != 0) holds[row] = Holds(asked, static_cast<int64_t>(values[row]));
    }
    return holds;
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
      SPANDREL_RETURN_IF_ERROR(columns_.LoadTemplates());
      holds.resize(mask_.size());
      for (size_t row = 0; row < holds.size(); ++row) {
        holds[row] = mask_[row] & deciders.Fixed(columns_.template_of()[row]);
      }
    }
    for (const uint32_t column : deciders.columns()) {
      Result<std::vector<uint8_t>> hits = deciders.Hits(column);
      if (!hits.ok()) return hits.status();
      SPANDREL_RETURN_IF_ERROR(MarkHits(deciders, column, std::move(*hits), &holds));
    }
    return holds;
  }

  // Goes through the rows and the cells of a column side by side.
  Status MarkHits(const LeafDeciders& deciders, uint32_t column, std::vector<uint8_t> hits,
                  Mask* holds) {
    if (!HoldsAnywhere(hits)) return {};
    const std::vector<uint8_t> role = deciders.RolesOf(column);
    const bool decides_all = std::all_of(role.begin(), role.end(),
                                         [](uint8_t r) { return r == LeafDeciders::kDecides; });
    if (decides_all && hits.size() == mask_.size()) {
      Intersect(mask_, &hits);
      Unite(std::move(hits), holds);
      return {};
    }
    SPANDREL_RETURN_IF_ERROR(columns_.LoadTemplates());
    const std::vector<uint32_t>& template_of = columns_.template_of();
    holds->resize(mask_.size());
    size_t cell = 0;
    for (size_t row = 0; row < holds->size(); ++row) {
      const uint8_t in_template = role[template_of[row]];
      if (in_template == LeafDeciders::kNoCell) continue;
      if (cell == hits.size()) return {base::StatusCode::kDataLoss, "cell is missing"};
      const uint8_t hit = hits[cell++];
      if (in_template == LeafDeciders::kDecides) (*holds)[row] |= hit & mask_[row];
    }
    return {};
  }

  const RowGroupPtr& group_;
  const Matcher& matcher_;
  DictionaryVerdicts& verdicts_;
  Mask mask_;  // the rows that are left
  RowColumns& columns_;
};

}  // namespace

Result<std::vector<uint32_t>> MatchingRows(const RowGroupPtr& group, const Matcher& matcher,
                                           DictionaryVerdicts& verdicts, RowColumns* columns) {
  return GroupFilter(group, matcher, verdicts, columns).Run();
}

}  // namespace spandrel::columnar
