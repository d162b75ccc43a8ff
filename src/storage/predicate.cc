// SPDX-License-Identifier: Apache-2.0
#include "storage/predicate.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "storage/regexes.h"

namespace spandrel::storage {
namespace {

base::Status Invalid(std::string message) {
  return {base::StatusCode::kInvalidArgument, std::move(message)};
}

base::Status ValidateComparison(const Predicate& predicate) {
  const bool is_text = std::holds_alternative<std::string>(predicate.value);
  switch (predicate.op) {
    case CompareOp::kMatches:
    case CompareOp::kDoesNotMatch:
      if (!is_text) return Invalid("a regular expression is a string");
      return {};
    case CompareOp::kTextEqual:
      if (!is_text) return Invalid("text equality compares with a string");
      return {};
    case CompareOp::kLess:
    case CompareOp::kLessOrEqual:
    case CompareOp::kGreater:
    case CompareOp::kGreaterOrEqual:
      if (std::holds_alternative<bool>(predicate.value))
        return Invalid("true and false have no order");
      return {};
    default:
      return {};
  }
}

base::Status ValidateField(const Field& field) {
  if (IsPlainField(field)) return {};
  return Invalid(fmt::format("'{}' cannot be asked here", FieldName(field)));
}

base::Status ValidateNode(const Predicate& predicate) {
  switch (predicate.kind) {
    case Predicate::Kind::kNot:
      if (predicate.children.size() != 1) return Invalid("'not' takes one condition");
      return {};
    case Predicate::Kind::kCompare:
      SPANDREL_RETURN_IF_ERROR(ValidateField(predicate.field));
      return ValidateComparison(predicate);
    case Predicate::Kind::kExists:
      return ValidateField(predicate.field);
    default:
      return {};
  }
}

std::vector<std::string_view> PatternsOf(const Predicate& predicate) {
  std::vector<std::string_view> patterns;
  std::vector<const Predicate*> waiting = {&predicate};
  while (!waiting.empty()) {
    const Predicate& node = *waiting.back();
    waiting.pop_back();
    for (const Predicate& child : node.children) waiting.push_back(&child);
    const bool is_match = node.op == CompareOp::kMatches || node.op == CompareOp::kDoesNotMatch;
    if (node.kind != Predicate::Kind::kCompare || !is_match) continue;
    patterns.push_back(std::get<std::string>(node.value));
  }
  return patterns;
}

}  // namespace

Predicate Predicate::And(std::vector<Predicate> children) {
  Predicate predicate;
  predicate.kind = Kind::kAnd;
  predicate.children = std::move(children);
  return predicate;
}

Predicate Predicate::Or(std::vector<Predicate> children) {
  Predicate predicate;
  predicate.kind = Kind::kOr;
  predicate.children = std::move(children);
  return predicate;
}

Predicate Predicate::Not(Predicate child) {
  Predicate predicate;
  predicate.kind = Kind::kNot;
  predicate.children.push_back(std::move(child));
  return predicate;
}

Predicate Predicate::Compare(Field field, CompareOp op, Value value) {
  Predicate predicate;
  predicate.kind = Kind::kCompare;
  predicate.field = std::move(field);
  predicate.op = op;
  predicate.value = std::move(value);
  return predicate;
}

Predicate Predicate::Exists(Field field) {
  Predicate predicate;
  predicate.kind = Kind::kExists;
  predicate.field = std::move(field);
  return predicate;
}

base::Status ValidateShape(const Predicate& predicate) {
  std::vector<std::pair<const Predicate*, int>> waiting = {{&predicate, 1}};
  int nodes = 0;
  while (!waiting.empty()) {
    const auto [node, depth] = waiting.back();
    waiting.pop_back();
    if (depth > kMaxPredicateDepth) return Invalid("the condition is nested too deeply");
    if (++nodes > kMaxPredicateNodes) return Invalid("the condition has too many parts");
    SPANDREL_RETURN_IF_ERROR(ValidateNode(*node));
    for (const Predicate& child : node->children) waiting.emplace_back(&child, depth + 1);
  }
  return {};
}

base::Status ValidatePredicate(const Predicate& predicate) {
  SPANDREL_RETURN_IF_ERROR(ValidateShape(predicate));
  return Regexes::Compile(PatternsOf(predicate)).status();
}

}  // namespace spandrel::storage
