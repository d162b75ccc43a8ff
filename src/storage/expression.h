// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "storage/field.h"
#include "storage/predicate.h"
#include "storage/value.h"

namespace spandrel::storage {

enum class ArithmeticOp : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kModulo, kPower };

// What a question asks of each span, with its trace in view: fields, constants, arithmetic,
// comparison between any two of them, logic. A Predicate is the part of it that asks fields of one
// span about constants, and becomes one by itself.
//
// An expression is true or false of a span, never anything between:
//   * An operand has no value, one, or several. A field has the values that are there: one of each
//     of its places (events, links, the five lists of kAny). Of a repeated key the last counts.
//     An array stands for its elements; maps, bytes and arrays in arrays are values that nothing
//     compares with.
//   * A comparison holds when one value of the left and one of the right have types that fit and it
//     is true of them. So an operand without a value makes every comparison false. For != and !~
//     an array counts as a whole: some element must have a type that fits, and none may be equal or
//     match. Compared with anything but a constant, a field counts with the values of its first
//     kMaxPairedValues places; so do the elements of an array beside another array.
//   * Ints and doubles compare with one another as numbers, exactly. Texts compare bytewise.
//     Nothing else is converted, and true and false have no order.
//   * Arithmetic takes the first value of a field. It has no value unless both sides are numbers.
//     Of ints it is int: division truncates, % has the sign of the left side; what does not fit 64
//     bits, and a negative power, is computed as doubles. Int division or modulo by zero has no
//     value; doubles follow IEEE 754.
//   * Where a condition is expected, an operand holds when one of its values is `true`. A condition
//     as an operand is true or false.
//   * kNot is true exactly when its child is false: `not (a = 1)` holds also where `a` is absent.
//     Who means TraceQL's `a != 1`, which does not, writes that.
//   * kSomeEvent and kSomeLink hold when their condition holds of the span as if it had only one of
//     its events, or links: so several fields can be asked of the same one. They are not put into
//     one another.
//   * kAnd and kOr of nothing are true and false. kExists also holds of a key without a value.
//
// Kept as a list of nodes, children before their parent, so that nothing recurses. A value; made by
// the functions below only, so its shape is always right. Its limits are ValidateExpression's.
class Expression {
 public:
  enum class Kind : uint8_t {
    kConstant,
    kField,
    kExists,  // of `field`
    kNegate,
    kArithmetic,
    kCompare,  // kMatches, kDoesNotMatch and kTextEqual have a constant text on the right
    kNot,
    kAnd,
    kOr,
    kSomeEvent,
    kSomeLink,
  };

  struct Node {
    Kind kind = Kind::kAnd;
    CompareOp compare = CompareOp::kEqual;
    ArithmeticOp arithmetic = ArithmeticOp::kAdd;
    uint32_t child_count = 0;
    uint32_t size = 1;    // nodes of the whole branch, itself included
    FieldRef field;       // kField, kExists
    OptionalValue value;  // kConstant
    friend bool operator==(const Node&, const Node&) = default;
  };

  // True of every span.
  Expression() : nodes_(1) {}
  // Of a predicate as ValidatePredicate wants it; others make an expression that is not valid.
  Expression(const Predicate& predicate);  // NOLINT(google-explicit-constructor)

  static Expression Constant(OptionalValue value);
  static Expression Of(FieldRef field);
  static Expression Exists(FieldRef field);
  static Expression Negate(Expression operand);
  static Expression Arithmetic(ArithmeticOp op, Expression left, Expression right);
  static Expression Compare(CompareOp op, Expression left, Expression right);
  static Expression Not(Expression condition);
  static Expression And(std::vector<Expression> conditions);
  static Expression Or(std::vector<Expression> conditions);
  static Expression SomeEvent(Expression condition);
  static Expression SomeLink(Expression condition);

  // The root is last. The last child of node i is node i - 1, the one before it is i - 1 less the
  // size of that one, and so on.
  const std::vector<Node>& nodes() const { return nodes_; }
  // The constants on the right of kMatches and kDoesNotMatch; valid as long as the expression.
  std::vector<std::string_view> Patterns() const;
  const Node& root() const { return nodes_.back(); }
  bool is_all() const { return nodes_.size() == 1 && root().kind == Kind::kAnd; }
  // The children of a node, first to last.
  std::vector<size_t> ChildrenOf(size_t node) const;

  // Calls `change` with each field that is asked for.
  void ChangeFields(const std::function<void(FieldRef*)>& change);

  // As TraceQL would write most of it, with all parentheses.
  std::string ToString() const;

  friend bool operator==(const Expression&, const Expression&) = default;

 private:
  explicit Expression(Node leaf) : nodes_{std::move(leaf)} {}
  static Expression Join(Node parent, std::vector<Expression> children);

  std::vector<Node> nodes_;
};

// A predicate's comparison is three nodes, one below the other.
inline constexpr int kMaxExpressionDepth = kMaxPredicateDepth + 1;
inline constexpr size_t kMaxExpressionNodes = 3 * kMaxPredicateNodes;
inline constexpr size_t kMaxPairedValues = 32;

// INVALID_ARGUMENT for an expression that is deeper or larger than the limits above, an operator
// that does not go with the constants beside it, or regular expressions that are malformed or, with
// all others of the expression, too large (see regexes.h).
base::Status ValidateExpression(const Expression& expression);
// The same but for its regular expressions, which are not compiled.
base::Status ValidateShape(const Expression& expression);

// True when a span by itself cannot answer it: some field is of the parent or of the trace.
bool NeedsTrace(const Expression& expression);

}  // namespace spandrel::storage
