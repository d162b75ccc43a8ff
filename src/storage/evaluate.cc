// SPDX-License-Identifier: Apache-2.0
#include "storage/evaluate.h"

#include <re2/re2.h>

#include <algorithm>
#include <compare>
#include <vector>

#include "storage/field_values.h"

namespace spandrel::storage {
namespace {

using span::ValueType;
using span::ValueView;

bool EqualIgnoringAsciiCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// An int64 against a double, exactly: converting the int would round beyond 2^53.
std::partial_ordering CompareIntWithDouble(int64_t left, double right) {
  if (right >= 0x1p63) return std::partial_ordering::less;
  if (right < -0x1p63) return std::partial_ordering::greater;
  if (right != right) return std::partial_ordering::unordered;
  const auto whole = static_cast<int64_t>(right);
  if (left != whole) return left <=> whole;
  return 0.0 <=> right - static_cast<double>(whole);
}

// Unordered when the types do not compare.
std::partial_ordering CompareValues(const ValueView& left, const Value& right) {
  constexpr auto kUnordered = std::partial_ordering::unordered;
  switch (left.type()) {
    case ValueType::kString: {
      const auto* text = std::get_if<std::string>(&right);
      return text ? left.bytes() <=> std::string_view(*text) : kUnordered;
    }
    case ValueType::kBool: {
      const auto* flag = std::get_if<bool>(&right);
      return flag ? left.as_bool() <=> *flag : kUnordered;
    }
    case ValueType::kInt:
      if (const auto* number = std::get_if<int64_t>(&right)) return left.as_int() <=> *number;
      if (const auto* number = std::get_if<double>(&right)) {
        return CompareIntWithDouble(left.as_int(), *number);
      }
      return kUnordered;
    case ValueType::kDouble:
      if (const auto* number = std::get_if<double>(&right)) return left.as_double() <=> *number;
      if (const auto* number = std::get_if<int64_t>(&right)) {
        return 0 <=> CompareIntWithDouble(*number, left.as_double());
      }
      return kUnordered;
    default:
      return kUnordered;
  }
}

// One node of the tree, flattened: children come before their parent.
struct Step {
  const Predicate* node;
  std::vector<size_t> children;
  std::unique_ptr<RE2> regex;
  bool ignore_case = false;  // kTextEqual on kind and status
};

class TreeEvaluator final : public Evaluator {
 public:
  explicit TreeEvaluator(const Predicate& predicate) : predicate_(predicate) {
    // The parents-first order of a walk, backwards, has children before their parents.
    std::vector<const Predicate*> order = {&predicate_};
    std::vector<std::vector<size_t>> children_of;
    for (size_t i = 0; i < order.size(); ++i) {
      children_of.emplace_back();
      for (const Predicate& child : order[i]->children) {
        children_of[i].push_back(order.size());
        order.push_back(&child);
      }
    }
    const size_t last = order.size() - 1;
    for (size_t i = order.size(); i-- > 0;) {
      Step step = MakeStep(*order[i]);
      for (size_t child : children_of[i]) step.children.push_back(last - child);
      steps_.push_back(std::move(step));
    }
  }

  bool Matches(const span::SpanRef& span) const override {
    if (predicate_.is_all()) return true;
    return Matches(steps_.size() - 1, span);
  }

  bool MatchesValue(const ValueView& value) const override {
    const Step& step = steps_.back();
    return step.node->kind == Predicate::Kind::kExists || Holds(step, value);
  }

 private:
  static Step MakeStep(const Predicate& node) {
    Step step{&node, {}, nullptr, false};
    if (node.kind != Predicate::Kind::kCompare) return step;
    if (node.op == CompareOp::kMatches || node.op == CompareOp::kDoesNotMatch) {
      step.regex = std::make_unique<RE2>(std::get<std::string>(node.value), RE2::Quiet);
    }
    const auto* intrinsic = std::get_if<Intrinsic>(&node.field);
    step.ignore_case =
        intrinsic && (*intrinsic == Intrinsic::kKind || *intrinsic == Intrinsic::kStatus);
    return step;
  }

  // Recurses over the tree of the query, whose depth ValidatePredicate has bounded.
  bool Matches(size_t index, const span::SpanRef& span) const {
    const Step& step = steps_[index];
    const auto matches = [&](size_t child) { return Matches(child, span); };
    switch (step.node->kind) {
      case Predicate::Kind::kAnd:
        return std::all_of(step.children.begin(), step.children.end(), matches);
      case Predicate::Kind::kOr:
        return std::any_of(step.children.begin(), step.children.end(), matches);
      case Predicate::Kind::kNot:
        return !matches(step.children[0]);
      case Predicate::Kind::kExists:
        return VisitFieldValues(step.node->field, span, [](const ValueView&) { return true; });
      case Predicate::Kind::kCompare:
        return VisitFieldValues(step.node->field, span,
                                [&](const ValueView& value) { return Holds(step, value); });
    }
    return false;
  }

  static bool Holds(const Step& step, const ValueView& value) {
    const Predicate& node = *step.node;
    switch (node.op) {
      case CompareOp::kMatches:
      case CompareOp::kDoesNotMatch:
        if (value.type() != ValueType::kString) return false;
        return RE2::PartialMatch(value.bytes(), *step.regex) == (node.op == CompareOp::kMatches);
      case CompareOp::kTextEqual:
        return TextEqual(step, value);
      default:
        break;
    }
    const auto order = CompareValues(value, node.value);
    switch (node.op) {
      case CompareOp::kEqual:
        return order == 0;
      case CompareOp::kNotEqual:
        return order < 0 || order > 0;
      case CompareOp::kLess:
        return order < 0;
      case CompareOp::kLessOrEqual:
        return order <= 0;
      case CompareOp::kGreater:
        return order > 0;
      default:
        return order >= 0;
    }
  }

  static bool TextEqual(const Step& step, const ValueView& value) {
    const auto& wanted = std::get<std::string>(step.node->value);
    if (step.ignore_case) return EqualIgnoringAsciiCase(value.bytes(), wanted);
    return value.type() == ValueType::kString ? value.bytes() == wanted : value.ToText() == wanted;
  }

  const Predicate predicate_;
  std::vector<Step> steps_;  // the root is last
};

}  // namespace

base::Result<std::shared_ptr<const Evaluator>> Evaluator::Make(const Predicate& predicate) {
  if (base::Status status = ValidatePredicate(predicate); !status.ok()) return status;
  return std::shared_ptr<const Evaluator>(std::make_shared<TreeEvaluator>(predicate));
}

std::optional<std::string> FieldText(const Field& field, const span::SpanRef& span) {
  std::optional<std::string> text;
  VisitFieldValues(field, span, [&](const ValueView& value) {
    text = value.ToText();
    return true;
  });
  return text;
}

}  // namespace spandrel::storage
