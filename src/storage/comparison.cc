// SPDX-License-Identifier: Apache-2.0
#include "storage/comparison.h"

#include <algorithm>

#include "storage/expression.h"

namespace spandrel::storage {
namespace {

using span::ValueType;
using span::ValueView;

bool EqualIgnoringAsciiCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

enum class Outcome : uint8_t { kDoesNotFit, kFalse, kTrue };

// Between two values of which none is an array. Of kNotEqual and kDoesNotMatch what `=` and `=~`
// say.
Outcome CompareScalars(const Comparison& comparison, const ValueView& left,
                       const ValueView& right) {
  const auto of = [](bool holds) { return holds ? Outcome::kTrue : Outcome::kFalse; };
  if (comparison.op == CompareOp::kMatches || comparison.op == CompareOp::kDoesNotMatch) {
    if (left.type() != ValueType::kString) return Outcome::kDoesNotFit;
    return of(RE2::PartialMatch(left.bytes(), *comparison.regex));
  }
  const auto order = CompareValues(left, right);
  if (order == std::partial_ordering::unordered) return Outcome::kDoesNotFit;
  switch (comparison.op) {
    case CompareOp::kEqual:
    case CompareOp::kNotEqual:
      return of(order == 0);
    case CompareOp::kLess:
      return of(order < 0);
    case CompareOp::kLessOrEqual:
      return of(order <= 0);
    case CompareOp::kGreater:
      return of(order > 0);
    default:
      return of(order >= 0);
  }
}

// Calls `visit` with a value, or with the elements of an array, until it returns true.
template <typename Visit>
bool VisitElements(const ValueView& value, bool is_paired, Visit&& visit) {
  if (value.type() != ValueType::kArray) return visit(value);
  span::ArrayReader elements(value.bytes());
  for (size_t i = 0; !is_paired || i < kMaxPairedValues; ++i) {
    const auto element = elements.Next();
    if (!element) return false;
    if (visit(*element)) return true;
  }
  return false;
}

bool HoldsForElements(const Comparison& comparison, const ValueView& left, const ValueView& right) {
  const bool is_negative =
      comparison.op == CompareOp::kNotEqual || comparison.op == CompareOp::kDoesNotMatch;
  const bool both = left.type() == ValueType::kArray && right.type() == ValueType::kArray;
  bool fits = false;
  const bool any = VisitElements(left, both, [&](const ValueView& a) {
    return VisitElements(right, both, [&](const ValueView& b) {
      const Outcome outcome = CompareScalars(comparison, a, b);
      fits |= outcome != Outcome::kDoesNotFit;
      return outcome == Outcome::kTrue;
    });
  });
  return is_negative ? fits && !any : any;
}

}  // namespace

bool Comparison::Holds(const ValueView& left, const ValueView& right) const {
  if (op == CompareOp::kTextEqual) {
    if (ignore_case) return EqualIgnoringAsciiCase(left.bytes(), right.bytes());
    return left.type() == ValueType::kString ? left.bytes() == right.bytes()
                                             : left.ToText() == right.bytes();
  }
  if (left.type() == ValueType::kArray || right.type() == ValueType::kArray) {
    return HoldsForElements(*this, left, right);
  }
  const Outcome outcome = CompareScalars(*this, left, right);
  const bool is_negative = op == CompareOp::kNotEqual || op == CompareOp::kDoesNotMatch;
  return outcome == (is_negative ? Outcome::kFalse : Outcome::kTrue);
}

}  // namespace spandrel::storage
