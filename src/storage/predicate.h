// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "storage/field.h"
#include "storage/value.h"

namespace spandrel::storage {

enum class CompareOp : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kMatches,       // RE2, unanchored; strings only
  kDoesNotMatch,  // of a string that is there
  // Equality of the text forms (span::ValueView::ToText), whatever the type: Jaeger's APIs carry
  // all values as text. For kStatus and kKind the case does not matter.
  kTextEqual,
};

// A condition on one span with its scope, resource, events and links that compares plain fields
// (IsPlainField) with constants: Jaeger's tags, its structured filter, the page. The part of an
// Expression that engines push down; it converts to one and means the same:
//   * A comparison holds when the field is there, its type fits the value's and the comparison is
//     true. Ints and doubles compare with one another as numbers; nothing else is converted. An
//     absent field makes every comparison false, kNotEqual too.
//   * An element of an array is enough; for kNotEqual and kDoesNotMatch none of the elements may be
//     equal or match, and some must fit. kTextEqual compares with the text of the whole array.
//   * A repeated key counts with its last value. For kEvent, kLink, kAny and the event and link
//     intrinsics, one matching place is enough.
//   * kNot is true exactly when its child is false, so `not (a = 1)` also holds where `a` is
//   absent.
//   * kAnd and kOr of nothing are true and false.
struct Predicate {
  enum class Kind : uint8_t { kAnd, kOr, kNot, kCompare, kExists };

  Kind kind = Kind::kAnd;
  std::vector<Predicate> children;  // kAnd, kOr: any number; kNot: one
  Field field;                      // kCompare, kExists
  CompareOp op = CompareOp::kEqual;
  Value value;

  // True of every span.
  static Predicate All() { return {}; }
  static Predicate And(std::vector<Predicate> children);
  static Predicate Or(std::vector<Predicate> children);
  static Predicate Not(Predicate child);
  static Predicate Compare(Field field, CompareOp op, Value value);
  static Predicate Exists(Field field);

  bool is_all() const { return kind == Kind::kAnd && children.empty(); }
};

inline constexpr int kMaxPredicateDepth = 64;
inline constexpr int kMaxPredicateNodes = 1000;

// INVALID_ARGUMENT for a tree that is deeper or larger than the limits above, a field that is not
// plain, an operator that does not go with its value's type, or regular expressions that are
// malformed or too large (see regexes.h).
base::Status ValidatePredicate(const Predicate& predicate);
// The same but for its regular expressions, which are not compiled.
base::Status ValidateShape(const Predicate& predicate);

}  // namespace spandrel::storage
