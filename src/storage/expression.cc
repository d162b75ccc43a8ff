// SPDX-License-Identifier: Apache-2.0
#include "storage/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/regexes.h"

namespace spandrel::storage {
namespace {

using Kind = Expression::Kind;
using Node = Expression::Node;

base::Status Invalid(std::string message) {
  return {base::StatusCode::kInvalidArgument, std::move(message)};
}

Expression::Kind KindOf(Predicate::Kind kind) {
  switch (kind) {
    case Predicate::Kind::kOr:
      return Kind::kOr;
    case Predicate::Kind::kNot:
      return Kind::kNot;
    case Predicate::Kind::kCompare:
      return Kind::kCompare;
    case Predicate::Kind::kExists:
      return Kind::kExists;
    case Predicate::Kind::kAnd:
      break;
  }
  return Kind::kAnd;
}

std::string_view CompareText(CompareOp op) {
  constexpr std::string_view kTexts[] = {"=", "!=", "<", "<=", ">", ">=", "=~", "!~", "=text="};
  return kTexts[static_cast<size_t>(op)];
}

std::string_view ArithmeticText(ArithmeticOp op) {
  constexpr std::string_view kTexts[] = {"+", "-", "*", "/", "%", "^"};
  return kTexts[static_cast<size_t>(op)];
}

std::string ConstantText(const OptionalValue& value) {
  if (!value) return "nil";
  if (const auto* text = std::get_if<std::string>(&*value)) {
    std::string quoted;
    span::AppendJsonString(*text, &quoted);
    return quoted;
  }
  return ValueText(*value);
}

std::string InParentheses(const std::string& text) {
  return text.front() == '(' ? text : "(" + text + ")";
}

std::string NodeText(const Node& node, const std::vector<std::string>& children) {
  switch (node.kind) {
    case Kind::kConstant:
      return ConstantText(node.value);
    case Kind::kField:
      return FieldName(node.field);
    case Kind::kExists:
      return "exists(" + FieldName(node.field) + ")";
    case Kind::kNegate:
      return "-" + children[0];
    case Kind::kArithmetic:
      return fmt::format("({} {} {})", children[0], ArithmeticText(node.arithmetic), children[1]);
    case Kind::kCompare:
      return fmt::format("({} {} {})", children[0], CompareText(node.compare), children[1]);
    case Kind::kNot:
      return "!" + children[0];
    case Kind::kAnd:
      if (children.empty()) return "true";
      return fmt::format("({})", fmt::join(children, " && "));
    case Kind::kOr:
      if (children.empty()) return "false";
      return fmt::format("({})", fmt::join(children, " || "));
    case Kind::kSomeEvent:
      return "some_event" + InParentheses(children[0]);
    case Kind::kSomeLink:
      return "some_link" + InParentheses(children[0]);
  }
  return "";
}

bool IsText(const Node& node) {
  return node.kind == Kind::kConstant && node.value &&
         std::holds_alternative<std::string>(*node.value);
}

bool IsBool(const Node& node) {
  return node.kind == Kind::kConstant && node.value && std::holds_alternative<bool>(*node.value);
}

base::Status ValidateComparison(CompareOp op, const Node& left, const Node& right) {
  switch (op) {
    case CompareOp::kMatches:
    case CompareOp::kDoesNotMatch:
      return IsText(right) ? base::Status() : Invalid("a regular expression is a string");
    case CompareOp::kTextEqual:
      return IsText(right) ? base::Status() : Invalid("text equality compares with a string");
    case CompareOp::kLess:
    case CompareOp::kLessOrEqual:
    case CompareOp::kGreater:
    case CompareOp::kGreaterOrEqual:
      if (IsBool(left) || IsBool(right)) return Invalid("true and false have no order");
      return {};
    default:
      return {};
  }
}

bool IsPlace(const Node& node) {
  return node.kind == Kind::kSomeEvent || node.kind == Kind::kSomeLink;
}

// The nodes below one lie before it.
bool HasPlaceBelow(const std::vector<Node>& nodes, size_t at) {
  const auto end = nodes.begin() + static_cast<ptrdiff_t>(at);
  return std::any_of(end - static_cast<ptrdiff_t>(nodes[at].size - 1), end, IsPlace);
}

base::Status ValidateNode(const Expression& expression, size_t at) {
  const std::vector<Node>& nodes = expression.nodes();
  const Node& node = nodes[at];
  const std::vector<size_t> children = expression.ChildrenOf(at);
  if (node.kind == Kind::kNot && children.size() != 1) return Invalid("'not' takes one condition");
  if (IsPlace(node) && HasPlaceBelow(nodes, at)) {
    return Invalid("conditions on one event or link cannot hold one another");
  }
  if (node.kind == Kind::kCompare) {
    return ValidateComparison(node.compare, nodes[children[0]], nodes[children[1]]);
  }
  if (node.kind != Kind::kArithmetic && node.kind != Kind::kNegate) return {};
  for (const size_t child : children) {
    if (IsText(nodes[child]) || IsBool(nodes[child])) return Invalid("arithmetic takes numbers");
  }
  return {};
}

Node NodeOf(Kind kind) {
  Node node;
  node.kind = kind;
  return node;
}

std::vector<Expression> Two(Expression left, Expression right) {
  std::vector<Expression> both;
  both.push_back(std::move(left));
  both.push_back(std::move(right));
  return both;
}

std::vector<Expression> One(Expression only) {
  std::vector<Expression> one;
  one.push_back(std::move(only));
  return one;
}

// A predicate's node, and which of its children comes next.
struct OpenPredicate {
  const Predicate* predicate;
  size_t next_child = 0;
};

}  // namespace

// Walks the tree without recursion and appends each node behind its children.
Expression::Expression(const Predicate& predicate) {
  std::vector<OpenPredicate> open = {{&predicate}};
  std::vector<size_t> starts = {0};  // where the branch of each open predicate begins
  while (!open.empty()) {
    const Predicate& at = *open.back().predicate;
    const bool is_leaf = KindOf(at.kind) == Kind::kCompare || KindOf(at.kind) == Kind::kExists;
    if (!is_leaf && open.back().next_child < at.children.size()) {
      open.push_back({&at.children[open.back().next_child++]});
      starts.push_back(nodes_.size());
      continue;
    }
    Node node;
    node.kind = KindOf(at.kind);
    node.child_count = is_leaf ? 0 : static_cast<uint32_t>(at.children.size());
    if (node.kind == Kind::kExists) node.field = at.field;
    if (node.kind == Kind::kCompare) {
      nodes_.push_back(Of(at.field).root());
      nodes_.push_back(Constant(at.value).root());
      node.compare = at.op;
      node.child_count = 2;
    }
    node.size = static_cast<uint32_t>(nodes_.size() - starts.back() + 1);
    nodes_.push_back(std::move(node));
    open.pop_back();
    starts.pop_back();
  }
}

Expression Expression::Constant(OptionalValue value) {
  Node node;
  node.kind = Kind::kConstant;
  node.value = std::move(value);
  return Expression(std::move(node));
}

Expression Expression::Of(FieldRef field) {
  Node node;
  node.kind = Kind::kField;
  node.field = std::move(field);
  return Expression(std::move(node));
}

Expression Expression::Exists(FieldRef field) {
  Node node;
  node.kind = Kind::kExists;
  node.field = std::move(field);
  return Expression(std::move(node));
}

Expression Expression::Negate(Expression operand) {
  return Join(NodeOf(Kind::kNegate), One(std::move(operand)));
}

Expression Expression::Arithmetic(ArithmeticOp op, Expression left, Expression right) {
  Node node = NodeOf(Kind::kArithmetic);
  node.arithmetic = op;
  return Join(std::move(node), Two(std::move(left), std::move(right)));
}

Expression Expression::Compare(CompareOp op, Expression left, Expression right) {
  Node node = NodeOf(Kind::kCompare);
  node.compare = op;
  return Join(std::move(node), Two(std::move(left), std::move(right)));
}

Expression Expression::Not(Expression condition) {
  return Join(NodeOf(Kind::kNot), One(std::move(condition)));
}

Expression Expression::And(std::vector<Expression> conditions) {
  return Join(NodeOf(Kind::kAnd), std::move(conditions));
}

Expression Expression::Or(std::vector<Expression> conditions) {
  return Join(NodeOf(Kind::kOr), std::move(conditions));
}

Expression Expression::SomeEvent(Expression condition) {
  return Join(NodeOf(Kind::kSomeEvent), One(std::move(condition)));
}

Expression Expression::SomeLink(Expression condition) {
  return Join(NodeOf(Kind::kSomeLink), One(std::move(condition)));
}

Expression Expression::Join(Node parent, std::vector<Expression> children) {
  Expression joined;
  joined.nodes_.clear();
  for (Expression& child : children) {
    joined.nodes_.insert(joined.nodes_.end(), std::make_move_iterator(child.nodes_.begin()),
                         std::make_move_iterator(child.nodes_.end()));
  }
  parent.child_count = static_cast<uint32_t>(children.size());
  parent.size = static_cast<uint32_t>(joined.nodes_.size() + 1);
  joined.nodes_.push_back(std::move(parent));
  return joined;
}

std::vector<size_t> Expression::ChildrenOf(size_t node) const {
  std::vector<size_t> children(nodes_[node].child_count);
  size_t at = node;
  for (size_t i = children.size(); i-- > 0;) {
    at -= i + 1 == children.size() ? 1 : nodes_[at].size;
    children[i] = at;
  }
  return children;
}

void Expression::ChangeFields(const std::function<void(FieldRef*)>& change) {
  for (Node& node : nodes_) {
    if (node.kind == Kind::kField || node.kind == Kind::kExists) change(&node.field);
  }
}

std::string Expression::ToString() const {
  std::vector<std::string> texts;
  for (const Node& node : nodes_) {
    const auto first = texts.end() - static_cast<ptrdiff_t>(node.child_count);
    std::string text = NodeText(node, {first, texts.end()});
    texts.erase(first, texts.end());
    texts.push_back(std::move(text));
  }
  return texts.back();
}

std::vector<std::string_view> Expression::Patterns() const {
  std::vector<std::string_view> patterns;
  for (size_t i = 1; i < nodes_.size(); ++i) {
    const bool is_match =
        nodes_[i].kind == Kind::kCompare &&
        (nodes_[i].compare == CompareOp::kMatches || nodes_[i].compare == CompareOp::kDoesNotMatch);
    if (!is_match || !nodes_[i - 1].value) continue;
    const auto* pattern = std::get_if<std::string>(&*nodes_[i - 1].value);
    if (pattern != nullptr) patterns.push_back(*pattern);
  }
  return patterns;
}

// The branches from the root down, so that a tree that is too deep is left early.
base::Status ValidateShape(const Expression& expression) {
  const std::vector<Node>& nodes = expression.nodes();
  if (nodes.size() > kMaxExpressionNodes) return Invalid("the condition has too many parts");
  std::vector<std::pair<size_t, int>> waiting = {{nodes.size() - 1, 1}};
  while (!waiting.empty()) {
    const auto [node, depth] = waiting.back();
    waiting.pop_back();
    if (depth > kMaxExpressionDepth) return Invalid("the condition is nested too deeply");
    SPANDREL_RETURN_IF_ERROR(ValidateNode(expression, node));
    for (const size_t child : expression.ChildrenOf(node)) waiting.emplace_back(child, depth + 1);
  }
  return {};
}

base::Status ValidateExpression(const Expression& expression) {
  SPANDREL_RETURN_IF_ERROR(ValidateShape(expression));
  return Regexes::Compile(expression.Patterns()).status();
}

bool NeedsTrace(const Expression& expression) {
  return std::any_of(expression.nodes().begin(), expression.nodes().end(), [](const Node& node) {
    const bool has_field = node.kind == Kind::kField || node.kind == Kind::kExists;
    return has_field && NeedsTrace(node.field);
  });
}

}  // namespace spandrel::storage
