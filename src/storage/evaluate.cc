// SPDX-License-Identifier: Apache-2.0
#include "storage/evaluate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/arithmetic.h"
#include "storage/comparison.h"
#include "storage/field_values.h"
#include "storage/query_context.h"

namespace spandrel::storage {
namespace {

using span::ValueView;
using Kind = Expression::Kind;
using Node = Expression::Node;

bool IsOperand(Kind kind) {
  return kind <= Kind::kArithmetic && kind != Kind::kExists;
}

// One node, ready to be asked.
struct Step {
  const Node* node;
  std::vector<size_t> children;
  Comparison comparison;            // of kCompare
  const FieldRef* field = nullptr;  // of kCompare, when it is with a constant: a leaf
  ValueView constant;               // of kConstant; of a leaf, the side that is one
};

// What the comparison is when its sides change places; not of those that want a text on the right.
CompareOp Mirrored(CompareOp op) {
  switch (op) {
    case CompareOp::kLess:
      return CompareOp::kGreater;
    case CompareOp::kLessOrEqual:
      return CompareOp::kGreaterOrEqual;
    case CompareOp::kGreater:
      return CompareOp::kLess;
    case CompareOp::kGreaterOrEqual:
      return CompareOp::kLessOrEqual;
    default:
      return op;
  }
}

bool IsKindOrStatus(const Node& node) {
  const auto* intrinsic = std::get_if<Intrinsic>(&node.field.field);
  return node.kind == Kind::kField && intrinsic != nullptr &&
         (*intrinsic == Intrinsic::kKind || *intrinsic == Intrinsic::kStatus);
}

// Its functions recurse over the expression, whose depth ValidateExpression has bounded.
class NodeEvaluator final : public Evaluator {
 public:
  NodeEvaluator(Expression expression, std::shared_ptr<const Regexes> regexes)
      : expression_(std::move(expression)), regexes_(std::move(regexes)) {
    for (size_t i = 0; i < expression_.nodes().size(); ++i) steps_.push_back(MakeStep(i));
  }

  bool Matches(const FieldSource& row) const override { return Holds(steps_.size() - 1, row); }

  bool VisitValues(const FieldSource& row, const ValueVisitor& visit) const override {
    return VisitOperand(steps_.size() - 1, row, visit);
  }

  bool MatchesValue(const ValueView& value) const override {
    const Step& step = steps_.back();
    return step.node->kind == Kind::kExists || step.comparison.Holds(value, step.constant);
  }

  const std::shared_ptr<const Regexes>& regexes() const override { return regexes_; }

 private:
  Step MakeStep(size_t at) const {
    const std::vector<Node>& nodes = expression_.nodes();
    Step step;
    step.node = &nodes[at];
    step.children = expression_.ChildrenOf(at);
    if (step.node->kind == Kind::kConstant && step.node->value) {
      step.constant = ViewOf(*step.node->value);
    }
    if (step.node->kind != Kind::kCompare) return step;
    const Node& left = nodes[step.children[0]];
    const Node& right = nodes[step.children[1]];
    step.comparison.op = step.node->compare;
    step.comparison.ignore_case = IsKindOrStatus(left);
    if (right.kind == Kind::kConstant && right.value) step.constant = ViewOf(*right.value);
    if (left.kind == Kind::kField && right.kind == Kind::kConstant) {
      step.field = &left.field;
    } else if (left.kind == Kind::kConstant && right.kind == Kind::kField) {
      step.field = &right.field;
      step.comparison.op = Mirrored(step.node->compare);
      if (left.value) step.constant = ViewOf(*left.value);
    }
    if (step.node->compare == CompareOp::kMatches ||
        step.node->compare == CompareOp::kDoesNotMatch) {
      step.comparison.regex = regexes_->Find(step.constant.bytes());
    }
    return step;
  }

  // Whether a node as a condition is true of a row.
  bool Holds(size_t index, const FieldSource& row) const {
    const Step& step = steps_[index];
    const auto holds = [&](size_t child) { return Holds(child, row); };
    switch (step.node->kind) {
      case Kind::kAnd:
        return std::all_of(step.children.begin(), step.children.end(), holds);
      case Kind::kOr:
        return std::any_of(step.children.begin(), step.children.end(), holds);
      case Kind::kNot:
        return !holds(step.children[0]);
      case Kind::kExists:
        return row.Visit(step.node->field, [](const ValueView&) { return true; });
      case Kind::kSomeEvent:
      case Kind::kSomeLink:
        return row.VisitPlaces(
            step.node->kind == Kind::kSomeEvent ? Places::kEvents : Places::kLinks,
            [&](const FieldSource& one) { return Holds(step.children[0], one); });
      case Kind::kCompare:
        return step.field != nullptr ? LeafHolds(step, row) : ComparisonHolds(step, row);
      default:
        return VisitOperand(index, row, [](const ValueView& value) {
          return Comparison{}.Holds(value, ValueView::OfBool(true));
        });
    }
  }

  bool LeafHolds(const Step& step, const FieldSource& row) const {
    return row.Visit(*step.field, [&step](const ValueView& value) {
      return step.comparison.Holds(value, step.constant);
    });
  }

  // The values of one operand with those of the other.
  bool ComparisonHolds(const Step& step, const FieldSource& row) const {
    bool holds = false;
    size_t lefts = 0;
    VisitOperand(step.children[0], row, [&](const ValueView& left) {
      size_t rights = 0;
      VisitOperand(step.children[1], row, [&](const ValueView& right) {
        holds = step.comparison.Holds(left, right);
        return holds || ++rights == kMaxPairedValues;
      });
      return holds || ++lefts == kMaxPairedValues;
    });
    return holds;
  }

  // The values of a node as an operand.
  bool VisitOperand(size_t index, const FieldSource& row, const ValueVisitor& visit) const {
    const Step& step = steps_[index];
    switch (step.node->kind) {
      case Kind::kConstant:
        return step.node->value && visit(step.constant);
      case Kind::kField:
        return row.Visit(step.node->field, visit);
      case Kind::kNegate:
      case Kind::kArithmetic: {
        const auto number = NumberAt(index, row);
        return number && visit(ViewOf(*number));
      }
      default:
        return visit(ValueView::OfBool(Holds(index, row)));
    }
  }

  std::optional<Number> NumberAt(size_t index, const FieldSource& row) const {
    const Step& step = steps_[index];
    if (step.node->kind == Kind::kArithmetic) {
      const auto left = NumberAt(step.children[0], row);
      const auto right = left ? NumberAt(step.children[1], row) : std::nullopt;
      return right ? Compute(step.node->arithmetic, *left, *right) : std::nullopt;
    }
    if (step.node->kind == Kind::kNegate) {
      const auto number = NumberAt(step.children[0], row);
      return number ? std::optional(Negated(*number)) : std::nullopt;
    }
    if (!IsOperand(step.node->kind)) return std::nullopt;
    std::optional<Number> first;
    VisitOperand(index, row, [&first](const ValueView& value) {
      first = NumberOf(value);
      return true;
    });
    return first;
  }

  const Expression expression_;
  const std::shared_ptr<const Regexes> regexes_;
  std::vector<Step> steps_;  // by node
};

}  // namespace

base::Result<std::shared_ptr<const Evaluator>> Evaluator::Make(const QueryContext& context,
                                                               const Expression& expression) {
  SPANDREL_RETURN_IF_ERROR(ValidateShape(expression));
  auto regexes = Regexes::Compile(context, expression.Patterns());
  if (!regexes.ok()) return regexes.status();
  return OfPart(expression, *std::move(regexes));
}

base::Result<std::shared_ptr<const Evaluator>> Evaluator::Make(const QueryContext& context,
                                                               const Predicate& predicate) {
  SPANDREL_RETURN_IF_ERROR(ValidateShape(predicate));
  return Make(context, Expression(predicate));
}

base::Result<std::vector<std::shared_ptr<const Evaluator>>> Evaluator::MakeAll(
    const QueryContext& context, const std::vector<Expression>& expressions) {
  std::vector<const Expression*> all;
  all.reserve(expressions.size());
  for (const Expression& expression : expressions) all.push_back(&expression);
  const auto regexes = CompileRegexes(context, all);
  if (!regexes.ok()) return regexes.status();
  std::vector<std::shared_ptr<const Evaluator>> evaluators;
  evaluators.reserve(expressions.size());
  for (const Expression& expression : expressions) {
    evaluators.push_back(OfPart(expression, *regexes));
  }
  return evaluators;
}

base::Result<std::shared_ptr<const Evaluator>> Evaluator::Make(const Expression& expression) {
  return Make(QueryContext(), expression);
}

base::Result<std::shared_ptr<const Evaluator>> Evaluator::Make(const Predicate& predicate) {
  return Make(QueryContext(), predicate);
}

std::shared_ptr<const Evaluator> Evaluator::OfPart(const Expression& part,
                                                   std::shared_ptr<const Regexes> regexes) {
  return std::make_shared<NodeEvaluator>(part, std::move(regexes));
}

base::Result<std::shared_ptr<const Regexes>> CompileRegexes(
    const QueryContext& context, const std::vector<const Expression*>& expressions) {
  std::vector<std::string_view> patterns;
  for (const Expression* expression : expressions) {
    SPANDREL_RETURN_IF_ERROR(ValidateShape(*expression));
    const std::vector<std::string_view> more = expression->Patterns();
    patterns.insert(patterns.end(), more.begin(), more.end());
  }
  return Regexes::Compile(context, patterns);
}

std::optional<std::string> FieldText(const Field& field, const span::SpanRef& span) {
  std::optional<std::string> text;
  VisitFieldValues(field, span, [&](const ValueView& value) {
    text = value.ToText();
    return true;
  });
  return text;
}

OptionalValue FirstValue(const FieldRef& field, const FieldSource& row) {
  OptionalValue first;
  row.Visit(field, [&](const ValueView& value) {
    first = ValueOf(value);
    return first.has_value();
  });
  return first;
}

std::optional<Number> FirstNumber(const FieldRef& field, const FieldSource& row) {
  std::optional<Number> first;
  row.Visit(field, [&](const ValueView& value) {
    first = NumberOf(value);
    return first.has_value();
  });
  return first;
}

}  // namespace spandrel::storage
