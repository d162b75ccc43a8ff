// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "query/traceql/lower.h"
#include "query/traceql/operators.h"
#include "traceql/check_types.h"
#include "traceql/print.h"

namespace spandrel::query {
namespace {

using storage::Expression;
using traceql::FieldExpr;
using traceql::SpansetExpr;

// Of a scan: each is looked for in every row group.
constexpr size_t kMaxNeeds = 8;

size_t IndexOf(Expression expression, std::vector<Expression>* all) {
  const auto found = std::find(all->begin(), all->end(), expression);
  const auto index = static_cast<size_t>(found - all->begin());
  if (found == all->end()) all->push_back(std::move(expression));
  return index;
}

// `a or b` and `a and b`, where a condition that always holds is none.
Expression Either(std::vector<Expression> conditions) {
  for (const Expression& condition : conditions) {
    if (condition.is_all()) return {};
  }
  return conditions.size() == 1 ? std::move(conditions[0]) : Expression::Or(std::move(conditions));
}

Expression Both(std::vector<Expression> conditions) {
  std::erase_if(conditions, [](const Expression& condition) { return condition.is_all(); });
  return conditions.size() == 1 ? std::move(conditions[0]) : Expression::And(std::move(conditions));
}

class Planner {
 public:
  explicit Planner(std::vector<storage::FieldRef> first_fields) {
    plan_.scan.fields = std::move(first_fields);
    plan_.scan.whole_traces = true;
  }

  Plan Make(const traceql::Pipeline& pipeline) && {
    plan_.pipeline = OfPipeline(pipeline);
    plan_.scan.where = ResultOf(pipeline);
    // The pieces of a large query are asked one by one; as a whole it may be too large.
    if (!storage::ValidateShape(plan_.scan.where).ok()) plan_.scan.where = {};
    plan_.scan.needs = NeedsOf(pipeline);
    std::erase(plan_.scan.needs, plan_.scan.where);
    return std::move(plan_);
  }

 private:
  PipelinePlan OfPipeline(const traceql::Pipeline& pipeline) {
    PipelinePlan stages;
    for (const traceql::Stage& stage : pipeline.stages) {
      stages.push_back({std::visit([this](const auto& what) { return Of(what); }, stage.what)});
    }
    return stages;
  }

  using Made = decltype(StagePlan::what);

  Made Of(const SpansetExpr& expr) { return OfSpansets(expr); }
  Made Of(const traceql::ScalarFilter& filter) {
    return ScalarFilterPlan{CompareOpOf(filter.op), OfScalar(filter.left), OfScalar(filter.right)};
  }
  Made Of(const traceql::GroupBy& group) {
    Show(group.by);
    return GroupPlan{OperandOf(group.by), "by(" + traceql::ToText(group.by) + ")",
                     TypeOf(group.by) == traceql::Type::kDuration};
  }
  Made Of(const traceql::Coalesce& coalesce) { return coalesce; }
  Made Of(const traceql::Select& select) {
    for (const traceql::Field& field : select.fields) Show(field);
    return select;
  }

  SpansetPlan OfSpansets(const SpansetExpr& expr) {
    SpansetPlan made;
    made.kind = expr.kind;
    made.relation = expr.relation;
    made.join = expr.join;
    if (expr.kind == SpansetExpr::Kind::kFilter) {
      Show(expr.filter);
      made.condition = IndexOf(ConditionOf(expr.filter), &plan_.scan.conditions);
    }
    if (expr.kind == SpansetExpr::Kind::kPipeline) made.pipeline = OfPipeline(expr.pipeline);
    for (const SpansetExpr& operand : expr.operands) made.operands.push_back(OfSpansets(operand));
    return made;
  }

  ScalarPlan OfScalar(const traceql::ScalarExpr& scalar) {
    ScalarPlan made;
    made.kind = scalar.kind;
    made.aggregate = scalar.aggregate;
    made.text = traceql::ToText(scalar);
    if (scalar.kind == traceql::ScalarExpr::Kind::kConstant) made.constant = NumberOf(scalar);
    if (scalar.kind == traceql::ScalarExpr::Kind::kBinary) made.op = ArithmeticOpOf(scalar.op);
    const bool has_argument = scalar.kind == traceql::ScalarExpr::Kind::kAggregate &&
                              scalar.aggregate != traceql::AggregateOp::kCount;
    if (has_argument) {
      Show(scalar.argument);
      made.operand = OperandOf(scalar.argument);
      made.is_duration = TypeOf(scalar.argument) == traceql::Type::kDuration;
    }
    for (const traceql::ScalarExpr& operand : scalar.operands) {
      made.operands.push_back(OfScalar(operand));
    }
    return made;
  }

  static storage::Number NumberOf(const traceql::ScalarExpr& scalar) {
    if (const auto* whole = std::get_if<int64_t>(&scalar.constant.value)) return *whole;
    return scalar.constant.AsDouble();
  }

  static Expression ConditionOf(const FieldExpr& filter) {
    const bool is_true =
        filter.kind == FieldExpr::Kind::kStatic && filter.constant == traceql::Static::OfBool(true);
    return is_true ? Expression() : Lower(filter);
  }

  size_t OperandOf(const FieldExpr& expr) { return IndexOf(Lower(expr), &plan_.scan.operands); }

  void Show(const FieldExpr& expr) {
    if (expr.kind == FieldExpr::Kind::kField) Show(expr.field);
    for (const FieldExpr& child : expr.children) Show(child);
  }

  void Show(const traceql::Field& field) {
    if (field == traceql::Field(traceql::Intrinsic::kParent)) return;
    for (const ShownField& shown : plan_.shown) {
      if (shown.field == field) return;
    }
    const storage::FieldRef read = FieldOf(field);
    auto& fields = plan_.scan.fields;
    const auto found = std::find(fields.begin(), fields.end(), read);
    plan_.shown.push_back({field, static_cast<size_t>(found - fields.begin())});
    if (found == fields.end()) fields.push_back(read);
  }

  // What holds of every span that an expression gives.
  static Expression ResultOf(const traceql::Pipeline& pipeline) {
    std::vector<Expression> all;
    for (const traceql::Stage& stage : pipeline.stages) {
      const auto* spansets = std::get_if<SpansetExpr>(&stage.what);
      if (spansets != nullptr) all.push_back(ResultOf(*spansets));
    }
    return Both(std::move(all));
  }

  // Each holds of some span of every trace that an expression gives spans of.
  static std::vector<Expression> NeedsOf(const traceql::Pipeline& pipeline) {
    std::vector<Expression> needs;
    for (const traceql::Stage& stage : pipeline.stages) {
      const auto* spansets = std::get_if<SpansetExpr>(&stage.what);
      if (spansets != nullptr) AddNeeds(*spansets, &needs);
    }
    return needs;
  }

  // Recurses as deep as the expression is.
  static void AddNeeds(const SpansetExpr& expr, std::vector<Expression>* needs) {
    if (expr.kind == SpansetExpr::Kind::kPipeline) {
      for (Expression& need : NeedsOf(expr.pipeline)) AddNeed(std::move(need), needs);
    } else if (expr.kind == SpansetExpr::Kind::kFilter || expr.kind == SpansetExpr::Kind::kOr) {
      AddNeed(ResultOf(expr), needs);
    } else {
      const bool left_may_be_empty =
          expr.kind == SpansetExpr::Kind::kStructural && expr.join == traceql::Join::kNot;
      for (size_t i = left_may_be_empty ? 1 : 0; i < expr.operands.size(); ++i) {
        AddNeeds(expr.operands[i], needs);
      }
    }
  }

  static void AddNeed(Expression need, std::vector<Expression>* needs) {
    const bool is_told =
        need.is_all() || needs->size() == kMaxNeeds || !storage::ValidateShape(need).ok();
    if (!is_told) IndexOf(std::move(need), needs);
  }

  static Expression ResultOf(const SpansetExpr& expr) {
    if (expr.kind == SpansetExpr::Kind::kFilter) return ConditionOf(expr.filter);
    if (expr.kind == SpansetExpr::Kind::kPipeline) return ResultOf(expr.pipeline);
    if (expr.kind == SpansetExpr::Kind::kStructural && expr.join != traceql::Join::kUnion) {
      return ResultOf(expr.operands[1]);
    }
    std::vector<Expression> sides;
    sides.reserve(expr.operands.size());
    for (const SpansetExpr& operand : expr.operands) sides.push_back(ResultOf(operand));
    return Either(std::move(sides));
  }

  Plan plan_;
};

}  // namespace

Plan MakePlan(const traceql::Pipeline& pipeline, std::vector<storage::FieldRef> first_fields) {
  return Planner(std::move(first_fields)).Make(pipeline);
}

}  // namespace spandrel::query
