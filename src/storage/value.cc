// SPDX-License-Identifier: Apache-2.0
#include "storage/value.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace spandrel::storage {
namespace {

using span::ValueType;
using span::ValueView;

// An int64 against a double, exactly: converting the int would round beyond 2^53.
std::partial_ordering CompareIntWithDouble(int64_t left, double right) {
  if (right >= 0x1p63) return std::partial_ordering::less;
  if (right < -0x1p63) return std::partial_ordering::greater;
  if (right != right) return std::partial_ordering::unordered;
  const auto whole = static_cast<int64_t>(right);
  if (left != whole) return left <=> whole;
  return 0.0 <=> right - static_cast<double>(whole);
}

bool DoubleLess(double a, double b) {
  if (a != a || b != b) return a == a && b != b;
  return a < b;
}

}  // namespace

OptionalValue ValueOf(const ValueView& value) {
  switch (value.type()) {
    case ValueType::kEmpty:
      return std::nullopt;
    case ValueType::kBool:
      return value.as_bool();
    case ValueType::kInt:
      return value.as_int();
    case ValueType::kDouble:
      return value.as_double();
    default:
      return value.ToText();
  }
}

void AppendValues(const ValueView& value, std::vector<Value>* values) {
  const auto append = [values](const ValueView& one) {
    if (OptionalValue typed = ValueOf(one)) values->push_back(*std::move(typed));
  };
  if (value.type() != ValueType::kArray) return append(value);
  span::ArrayReader elements(value.bytes());
  while (const auto element = elements.Next()) append(*element);
}

ValueView ViewOf(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return ValueView::OfString(*text);
  if (const auto* flag = std::get_if<bool>(&value)) return ValueView::OfBool(*flag);
  if (const auto* number = std::get_if<int64_t>(&value)) return ValueView::OfInt(*number);
  return ValueView::OfDoubleBits(std::bit_cast<uint64_t>(std::get<double>(value)));
}

std::string ValueText(const Value& value) {
  return ViewOf(value).ToText();
}

bool ValueLess::operator()(const Value& a, const Value& b) const {
  if (a.index() != b.index()) return a.index() < b.index();
  const auto* left = std::get_if<double>(&a);
  return left != nullptr ? DoubleLess(*left, std::get<double>(b)) : a < b;
}

bool ValueLess::operator()(const OptionalValue& a, const OptionalValue& b) const {
  if (!a || !b) return !a && b;
  return (*this)(*a, *b);
}

bool ValueLess::operator()(const std::vector<OptionalValue>& a,
                           const std::vector<OptionalValue>& b) const {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), *this);
}

std::partial_ordering CompareValues(const ValueView& left, const ValueView& right) {
  constexpr auto kUnordered = std::partial_ordering::unordered;
  switch (left.type()) {
    case ValueType::kString:
      return right.type() == ValueType::kString ? left.bytes() <=> right.bytes() : kUnordered;
    case ValueType::kBool:
      return right.type() == ValueType::kBool ? left.as_bool() <=> right.as_bool() : kUnordered;
    case ValueType::kInt:
      if (right.type() == ValueType::kInt) return left.as_int() <=> right.as_int();
      if (right.type() != ValueType::kDouble) return kUnordered;
      return CompareIntWithDouble(left.as_int(), right.as_double());
    case ValueType::kDouble:
      if (right.type() == ValueType::kDouble) return left.as_double() <=> right.as_double();
      if (right.type() != ValueType::kInt) return kUnordered;
      return 0 <=> CompareIntWithDouble(right.as_int(), left.as_double());
    default:
      return kUnordered;
  }
}

}  // namespace spandrel::storage
