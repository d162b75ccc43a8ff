// SPDX-License-Identifier: Apache-2.0
#include "traceql/scalar_arithmetic.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "traceql/lexer.h"
#include "traceql/token_stream.h"

namespace spandrel::traceql {
namespace {

using base::Result;

std::optional<int64_t> ComputeInts(BinaryOp op, int64_t left, int64_t right) {
  int64_t result = 0;
  bool overflows = false;
  switch (op) {
    case BinaryOp::kAdd:
      overflows = __builtin_add_overflow(left, right, &result);
      break;
    case BinaryOp::kSubtract:
      overflows = __builtin_sub_overflow(left, right, &result);
      break;
    case BinaryOp::kMultiply:
      overflows = __builtin_mul_overflow(left, right, &result);
      break;
    default:
      overflows = right == 0 || (left == INT64_MIN && right == -1);
      if (!overflows) result = left / right;
      break;
  }
  return overflows ? std::nullopt : std::optional(result);
}

Result<Static> Fold(BinaryOp op, Place place, const Static& left, const Static& right) {
  if (op > BinaryOp::kDivide) return ErrorAt(place, "numbers take + - * / only");
  if (left.type == Type::kDuration || right.type == Type::kDuration) {
    return ErrorAt(place, "a duration cannot be part of arithmetic");
  }
  if (left.type == Type::kInt && right.type == Type::kInt) {
    const auto whole =
        ComputeInts(op, std::get<int64_t>(left.value), std::get<int64_t>(right.value));
    if (!whole) return ErrorAt(place, "the result does not fit 64 bits");
    return Static::OfInt(*whole);
  }
  return Static::OfFloat(ComputeFloats(op, left.AsDouble(), right.AsDouble()));
}

}  // namespace

double ComputeFloats(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::kAdd:
      return left + right;
    case BinaryOp::kSubtract:
      return left - right;
    case BinaryOp::kMultiply:
      return left * right;
    default:
      return left / right;
  }
}

Result<ScalarExpr> CombineNumbers(BinaryOp op, Place place, ScalarExpr left, ScalarExpr right) {
  ScalarExpr both;
  both.place = place;
  if (left.kind == ScalarExpr::Kind::kConstant && right.kind == ScalarExpr::Kind::kConstant) {
    auto folded = Fold(op, place, left.constant, right.constant);
    if (!folded.ok()) return folded.status();
    both.constant = *std::move(folded);
    return both;
  }
  both.kind = ScalarExpr::Kind::kBinary;
  both.op = op;
  both.height = std::max(left.height, right.height) + 1;
  if (both.height > kMaxDepth) return TooDeep(place);
  both.operands.push_back(std::move(left));
  both.operands.push_back(std::move(right));
  return both;
}

Result<ScalarExpr> NegatedConstant(ScalarExpr constant, Place place) {
  Static& number = constant.constant;
  constant.place = place;
  if (auto* value = std::get_if<double>(&number.value)) {
    *value = -*value;
    return constant;
  }
  auto& whole = std::get<int64_t>(number.value);
  if (whole == INT64_MIN) return ErrorAt(place, "the result does not fit 64 bits");
  whole = -whole;
  return constant;
}

}  // namespace spandrel::traceql
