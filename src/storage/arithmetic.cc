// SPDX-License-Identifier: Apache-2.0
#include "storage/arithmetic.h"

#include <bit>
#include <cmath>

namespace spandrel::storage {
namespace {

double ComputeDouble(ArithmeticOp op, double left, double right) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return left + right;
    case ArithmeticOp::kSubtract:
      return left - right;
    case ArithmeticOp::kMultiply:
      return left * right;
    case ArithmeticOp::kDivide:
      return left / right;
    case ArithmeticOp::kModulo:
      return std::fmod(left, right);
    case ArithmeticOp::kPower:
      break;
  }
  return std::pow(left, right);
}

// By squaring; nothing when it does not fit.
std::optional<int64_t> IntPower(int64_t base, int64_t exponent) {
  if (exponent < 0) return std::nullopt;
  int64_t result = 1;
  while (true) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return std::nullopt;
    exponent >>= 1;
    if (exponent == 0) return result;
    if (__builtin_mul_overflow(base, base, &base)) return std::nullopt;
  }
}

// Nothing when it does not fit 64 bits. `right` is not zero where it divides.
std::optional<int64_t> ComputeInt(ArithmeticOp op, int64_t left, int64_t right) {
  int64_t result = 0;
  bool overflows = false;
  switch (op) {
    case ArithmeticOp::kAdd:
      overflows = __builtin_add_overflow(left, right, &result);
      break;
    case ArithmeticOp::kSubtract:
      overflows = __builtin_sub_overflow(left, right, &result);
      break;
    case ArithmeticOp::kMultiply:
      overflows = __builtin_mul_overflow(left, right, &result);
      break;
    case ArithmeticOp::kDivide:
      overflows = right == -1 && left == INT64_MIN;
      if (!overflows) result = left / right;
      break;
    case ArithmeticOp::kModulo:
      if (right != -1) result = left % right;
      break;
    case ArithmeticOp::kPower:
      return IntPower(left, right);
  }
  if (overflows) return std::nullopt;
  return result;
}

}  // namespace

std::optional<Number> Compute(ArithmeticOp op, const Number& left, const Number& right) {
  const auto* a = std::get_if<int64_t>(&left);
  const auto* b = std::get_if<int64_t>(&right);
  if (a != nullptr && b != nullptr) {
    const bool divides = op == ArithmeticOp::kDivide || op == ArithmeticOp::kModulo;
    if (divides && *b == 0) return std::nullopt;
    if (const auto whole = ComputeInt(op, *a, *b)) return *whole;
  }
  return ComputeDouble(op, AsDouble(left), AsDouble(right));
}

Number Negated(const Number& number) {
  const auto* whole = std::get_if<int64_t>(&number);
  if (whole != nullptr && *whole != INT64_MIN) return -*whole;
  return -AsDouble(number);
}

std::optional<Number> NumberOf(const span::ValueView& value) {
  if (value.type() == span::ValueType::kInt) return value.as_int();
  if (value.type() != span::ValueType::kDouble) return std::nullopt;
  const double number = value.as_double();
  if (std::isnan(number)) return std::nullopt;
  return number;
}

double AsDouble(const Number& number) {
  const auto* whole = std::get_if<int64_t>(&number);
  return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(number);
}

span::ValueView ViewOf(const Number& number) {
  if (const auto* whole = std::get_if<int64_t>(&number)) return span::ValueView::OfInt(*whole);
  return span::ValueView::OfDoubleBits(std::bit_cast<uint64_t>(std::get<double>(number)));
}

}  // namespace spandrel::storage
