// SPDX-License-Identifier: Apache-2.0
#include "storage/narrow.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace spandrel::storage {
namespace {

using Kind = Expression::Kind;
using Node = Expression::Node;

Narrowed Unknown() {
  return {Predicate::All(), false};
}

Narrowed Never() {
  return {Predicate::Or({}), true};
}

// What `condition` says of one field, where it is asked of plain fields only. Of an unscoped field
// the span's attribute decides when it is there.
template <typename MakeLeaf>
Narrowed OfField(const FieldRef& field, MakeLeaf&& make_leaf) {
  if (field.of_parent) return Unknown();
  if (IsPlainField(field.field)) return {make_leaf(field.field), true};
  const auto* attribute = std::get_if<AttributeField>(&field.field);
  if (attribute == nullptr) return Unknown();
  AttributeField of_span = *attribute;
  of_span.scope = AttributeScope::kSpan;
  AttributeField of_resource = *attribute;
  of_resource.scope = AttributeScope::kResource;
  Predicate of_resource_only =
      Predicate::And({Predicate::Not(Predicate::Exists(of_span)), make_leaf(Field(of_resource))});
  return {Predicate::Or({make_leaf(Field(of_span)), std::move(of_resource_only)}), true};
}

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

Narrowed OfComparison(const Node& node, const Node& left, const Node& right) {
  const auto leaf = [](const FieldRef& field, CompareOp op, const OptionalValue& value) {
    if (!value) return Never();
    return OfField(field,
                   [&](const Field& plain) { return Predicate::Compare(plain, op, *value); });
  };
  if (left.kind == Kind::kField && right.kind == Kind::kConstant) {
    return leaf(left.field, node.compare, right.value);
  }
  const bool has_pattern = node.compare >= CompareOp::kMatches;
  if (left.kind == Kind::kConstant && right.kind == Kind::kField && !has_pattern) {
    return leaf(right.field, Mirrored(node.compare), left.value);
  }
  return Unknown();
}

Narrowed OfConstant(const OptionalValue& value) {
  const bool* flag = value ? std::get_if<bool>(&*value) : nullptr;
  if (flag != nullptr && *flag) return {Predicate::All(), true};
  return Never();
}

// Children whose part is unknown are left out of an "and" and make all of an "or" unknown.
Narrowed OfList(Kind kind, std::vector<Narrowed> children) {
  Narrowed joined{Predicate::All(), true};
  std::vector<Predicate> parts;
  for (Narrowed& child : children) {
    joined.exact &= child.exact;
    const bool is_unknown = !child.exact && child.where.is_all();
    if (is_unknown && kind == Kind::kOr) return Unknown();
    if (!is_unknown) parts.push_back(std::move(child.where));
  }
  joined.where =
      kind == Kind::kOr ? Predicate::Or(std::move(parts)) : Predicate::And(std::move(parts));
  return joined;
}

// What holds of one event holds of some, unless it is what does not: "not" turns that around.
Narrowed OfPlace(const Expression& expression, size_t at, Narrowed condition) {
  const std::vector<Node>& nodes = expression.nodes();
  const auto end = nodes.begin() + static_cast<ptrdiff_t>(at);
  const bool has_not = std::any_of(end - static_cast<ptrdiff_t>(nodes[at].size - 1), end,
                                   [](const Node& node) { return node.kind == Kind::kNot; });
  return has_not ? Unknown() : Narrowed{std::move(condition.where), false};
}

Narrowed OfNode(const Expression& expression, size_t at, std::vector<Narrowed> children) {
  const std::vector<Node>& nodes = expression.nodes();
  const Node& node = nodes[at];
  switch (node.kind) {
    case Kind::kConstant:
      return OfConstant(node.value);
    case Kind::kField:
      return OfField(node.field, [](const Field& plain) {
        return Predicate::Compare(plain, CompareOp::kEqual, true);
      });
    case Kind::kExists:
      return OfField(node.field, [](const Field& plain) { return Predicate::Exists(plain); });
    case Kind::kCompare: {
      const std::vector<size_t> sides = expression.ChildrenOf(at);
      return OfComparison(node, nodes[sides[0]], nodes[sides[1]]);
    }
    case Kind::kNot:
      if (!children[0].exact) return Unknown();
      return {Predicate::Not(std::move(children[0].where)), true};
    case Kind::kAnd:
    case Kind::kOr:
      return OfList(node.kind, std::move(children));
    case Kind::kSomeEvent:
    case Kind::kSomeLink:
      return OfPlace(expression, at, std::move(children[0]));
    case Kind::kNegate:
    case Kind::kArithmetic:
      break;
  }
  return Never();  // a number is not true
}

}  // namespace

Narrowed Narrow(const Expression& expression) {
  std::vector<Narrowed> stack;
  for (size_t i = 0; i < expression.nodes().size(); ++i) {
    const auto first = stack.end() - static_cast<ptrdiff_t>(expression.nodes()[i].child_count);
    std::vector<Narrowed> children(std::make_move_iterator(first),
                                   std::make_move_iterator(stack.end()));
    stack.erase(first, stack.end());
    stack.push_back(OfNode(expression, i, std::move(children)));
  }
  Narrowed narrowed = std::move(stack.back());
  // Unscoped fields take more parts than they took in the expression.
  if (!ValidateShape(narrowed.where).ok()) return Unknown();
  return narrowed;
}

}  // namespace spandrel::storage
