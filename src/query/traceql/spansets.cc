// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/spansets.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>

#include "base/go_duration.h"
#include "storage/arithmetic.h"
#include "storage/value.h"

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using storage::FieldColumn;
using storage::Number;
using storage::OptionalValue;
using storage::Value;
using traceql::AggregateOp;

// How many spansets are worked on before the context is asked.
constexpr size_t kStepsPerCheck = 256;

size_t LabelBytes(const SpansetLabel& label) {
  constexpr size_t kAllocations = 32;
  const auto* text = label.second ? std::get_if<std::string>(&*label.second) : nullptr;
  return sizeof(label) + kAllocations + label.first.size() + (text == nullptr ? 0 : text->size());
}

std::pair<size_t, size_t> RangeOf(const FieldColumn& column, uint32_t row) {
  return {row == 0 ? 0 : column.ends[row - 1], column.ends[row]};
}

OptionalValue FirstOf(const FieldColumn& column, uint32_t row) {
  const auto [begin, end] = RangeOf(column, row);
  return begin == end ? OptionalValue() : column.values[begin];
}

std::optional<Number> FirstNumberOf(const FieldColumn& column, uint32_t row) {
  const auto [begin, end] = RangeOf(column, row);
  for (size_t i = begin; i < end; ++i) {
    if (auto number = storage::NumberOf(storage::ViewOf(column.values[i]))) return number;
  }
  return std::nullopt;
}

bool Holds(storage::CompareOp op, std::partial_ordering order) {
  switch (op) {
    case storage::CompareOp::kEqual:
      return order == 0;
    case storage::CompareOp::kNotEqual:
      return order < 0 || order > 0;
    case storage::CompareOp::kLess:
      return order < 0;
    case storage::CompareOp::kLessOrEqual:
      return order <= 0;
    case storage::CompareOp::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

std::partial_ordering Order(const Number& left, const Number& right) {
  return storage::CompareValues(storage::ViewOf(left), storage::ViewOf(right));
}

OptionalValue LabelOf(const OptionalValue& value, bool is_duration) {
  if (!value || !is_duration) return value;
  int64_t nanoseconds = 0;
  if (const auto* whole = std::get_if<int64_t>(&*value)) nanoseconds = *whole;
  if (const auto* number = std::get_if<double>(&*value)) {
    if (!(std::abs(*number) < 9e18)) return value;
    nanoseconds = static_cast<int64_t>(*number);
  }
  return base::FormatGoDuration(std::chrono::nanoseconds(nanoseconds));
}

OptionalValue ToValue(const std::optional<Number>& number) {
  if (!number) return std::nullopt;
  return std::visit([](auto value) { return Value(value); }, *number);
}

// Ints are added up as ints as long as they fit.
class Sum {
 public:
  void Add(const Number& number) {
    ++count_;
    if (total_)
      total_ = storage::Compute(storage::ArithmeticOp::kAdd, *total_, number);
    else
      total_ = number;
  }
  std::optional<Number> total() const { return total_; }
  std::optional<Number> average() const {
    if (!total_) return std::nullopt;
    return storage::AsDouble(*total_) / static_cast<double>(count_);
  }

 private:
  std::optional<Number> total_;
  size_t count_ = 0;
};

}  // namespace

size_t BytesOf(const std::vector<SpansetLabel>& labels) {
  size_t bytes = 0;
  for (const SpansetLabel& label : labels) bytes += LabelBytes(label);
  return bytes;
}

class SpansetMaker::OfTrace {
 public:
  OfTrace(const storage::QueryContext& context, const storage::TraceSlice& slice,
          storage::QueryMemory& memory)
      : context_(context), slice_(slice), memory_(memory), structure_(slice.parents) {}

  Result<std::vector<Spanset>> Run(const PipelinePlan& pipeline, std::vector<Spanset> spansets) {
    for (const StagePlan& stage : pipeline) {
      auto next = std::visit([&](const auto& what) { return Apply(what, std::move(spansets)); },
                             stage.what);
      if (!next.ok()) return next;
      spansets = *std::move(next);
    }
    return spansets;
  }

 private:
  Status Step() { return ++steps_ % kStepsPerCheck == 0 ? context_.Check() : Status(); }

  Result<std::vector<Spanset>> Apply(const SpansetPlan& plan, std::vector<Spanset> spansets) {
    std::vector<Spanset> kept;
    for (Spanset& spanset : spansets) {
      auto rows = RowsOf(plan, spanset.rows);
      if (!rows.ok()) return rows.status();
      if (rows->empty()) continue;
      spanset.rows = *std::move(rows);
      kept.push_back(std::move(spanset));
    }
    return kept;
  }

  Result<std::vector<Spanset>> Apply(const ScalarFilterPlan& filter,
                                     std::vector<Spanset> spansets) {
    std::vector<Spanset> kept;
    for (Spanset& spanset : spansets) {
      SPANDREL_RETURN_IF_ERROR(Step());
      const size_t labels_before = spanset.labels.size();
      const auto left = NumberOf(filter.left, &spanset);
      const auto right = NumberOf(filter.right, &spanset);
      for (size_t i = labels_before; i < spanset.labels.size(); ++i) {
        SPANDREL_RETURN_IF_ERROR(memory_.Grow(LabelBytes(spanset.labels[i])));
      }
      if (left && right && Holds(filter.op, Order(*left, *right))) {
        kept.push_back(std::move(spanset));
      }
    }
    return kept;
  }

  Result<std::vector<Spanset>> Apply(const GroupPlan& group, std::vector<Spanset> spansets) {
    const FieldColumn& column = slice_.operands[group.operand];
    std::vector<Spanset> parts;
    for (const Spanset& spanset : spansets) {
      SPANDREL_RETURN_IF_ERROR(memory_.Grow(spanset.rows.size() * sizeof(uint32_t)));
      std::map<OptionalValue, size_t, storage::ValueLess> part_of;
      for (const uint32_t row : spanset.rows) {
        const OptionalValue value = FirstOf(column, row);
        const auto [part, is_new] = part_of.try_emplace(value, parts.size());
        if (is_new) {
          SPANDREL_RETURN_IF_ERROR(Step());
          SpansetLabel label(group.text, LabelOf(value, group.is_duration));
          SPANDREL_RETURN_IF_ERROR(
              memory_.Grow(sizeof(Spanset) + BytesOf(spanset.labels) + LabelBytes(label)));
          parts.push_back({{}, spanset.labels});
          parts.back().labels.push_back(std::move(label));
        }
        parts[part->second].rows.push_back(row);
      }
    }
    return parts;
  }

  static Result<std::vector<Spanset>> Apply(const traceql::Coalesce&,
                                            std::vector<Spanset> spansets) {
    if (spansets.empty()) return spansets;
    std::vector<Spanset> one;
    one.push_back({AllRows(spansets), {}});
    return one;
  }

  static Result<std::vector<Spanset>> Apply(const traceql::Select&, std::vector<Spanset> spansets) {
    return spansets;
  }

  static Rows AllRows(const std::vector<Spanset>& spansets) {
    Rows all;
    for (const Spanset& spanset : spansets) {
      all.insert(all.end(), spanset.rows.begin(), spanset.rows.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  Result<Rows> RowsOf(const SpansetPlan& plan, const Rows& rows) {
    SPANDREL_RETURN_IF_ERROR(Step());
    switch (plan.kind) {
      case traceql::SpansetExpr::Kind::kFilter:
        return Filtered(slice_.holds[plan.condition], rows);
      case traceql::SpansetExpr::Kind::kPipeline: {
        auto spansets = Run(plan.pipeline, {Spanset{rows, {}}});
        if (!spansets.ok()) return spansets.status();
        return AllRows(*spansets);
      }
      case traceql::SpansetExpr::Kind::kStructural: {
        auto left = RowsOf(plan.operands[0], rows);
        if (!left.ok()) return left;
        auto right = RowsOf(plan.operands[1], rows);
        if (!right.ok()) return right;
        return structure_.Join(plan.relation, plan.join, *left, *right);
      }
      default:
        return Joined(plan, rows);
    }
  }

  static Rows Filtered(const std::vector<uint8_t>& holds, const Rows& rows) {
    Rows kept;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(kept),
                 [&holds](uint32_t row) { return holds[row] != 0; });
    return kept;
  }

  Result<Rows> Joined(const SpansetPlan& plan, const Rows& rows) {
    Rows all;
    for (const SpansetPlan& operand : plan.operands) {
      auto side = RowsOf(operand, rows);
      if (!side.ok()) return side;
      if (side->empty() && plan.kind == traceql::SpansetExpr::Kind::kAnd) return Rows();
      Rows both;
      std::set_union(all.begin(), all.end(), side->begin(), side->end(), std::back_inserter(both));
      all = std::move(both);
    }
    return all;
  }

  // Labels the spanset with the aggregates that it is asked for.
  std::optional<Number> NumberOf(const ScalarPlan& scalar, Spanset* spanset) const {
    switch (scalar.kind) {
      case traceql::ScalarExpr::Kind::kConstant:
        return scalar.constant;
      case traceql::ScalarExpr::Kind::kAggregate: {
        const auto number = AggregateOf(scalar, spanset->rows);
        spanset->labels.emplace_back(scalar.text, LabelOf(ToValue(number), scalar.is_duration));
        return number;
      }
      case traceql::ScalarExpr::Kind::kBinary:
        break;
    }
    const auto left = NumberOf(scalar.operands[0], spanset);
    const auto right = NumberOf(scalar.operands[1], spanset);
    if (!left || !right) return std::nullopt;
    return storage::Compute(scalar.op, *left, *right);
  }

  std::optional<Number> AggregateOf(const ScalarPlan& scalar, const Rows& rows) const {
    if (scalar.aggregate == AggregateOp::kCount) return static_cast<int64_t>(rows.size());
    const FieldColumn& column = slice_.operands[scalar.operand];
    Sum sum;
    std::optional<Number> least;
    std::optional<Number> most;
    for (const uint32_t row : rows) {
      const auto number = FirstNumberOf(column, row);
      if (!number) continue;
      sum.Add(*number);
      if (!least || Order(*number, *least) < 0) least = number;
      if (!most || Order(*number, *most) > 0) most = number;
    }
    switch (scalar.aggregate) {
      case AggregateOp::kMin:
        return least;
      case AggregateOp::kMax:
        return most;
      case AggregateOp::kSum:
        return sum.total();
      default:
        return sum.average();
    }
  }

  const storage::QueryContext& context_;
  const storage::TraceSlice& slice_;
  storage::QueryMemory& memory_;
  Structure structure_;
  size_t steps_ = 0;
};

Result<std::vector<Spanset>> SpansetMaker::Make(const storage::TraceSlice& slice,
                                                storage::QueryMemory& memory) const {
  Rows all(slice.row_count());
  std::iota(all.begin(), all.end(), 0U);
  return OfTrace(context_, slice, memory).Run(plan_.pipeline, {Spanset{std::move(all), {}}});
}

}  // namespace spandrel::query
