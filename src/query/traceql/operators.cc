// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/operators.h"

namespace spandrel::query {

using storage::CompareOp;
using traceql::BinaryOp;

CompareOp CompareOpOf(BinaryOp op) {
  switch (op) {
    case BinaryOp::kNotEqual:
      return CompareOp::kNotEqual;
    case BinaryOp::kLess:
      return CompareOp::kLess;
    case BinaryOp::kLessOrEqual:
      return CompareOp::kLessOrEqual;
    case BinaryOp::kGreater:
      return CompareOp::kGreater;
    case BinaryOp::kGreaterOrEqual:
      return CompareOp::kGreaterOrEqual;
    case BinaryOp::kMatches:
      return CompareOp::kMatches;
    case BinaryOp::kDoesNotMatch:
      return CompareOp::kDoesNotMatch;
    default:
      return CompareOp::kEqual;
  }
}

storage::ArithmeticOp ArithmeticOpOf(BinaryOp op) {
  switch (op) {
    case BinaryOp::kSubtract:
      return storage::ArithmeticOp::kSubtract;
    case BinaryOp::kMultiply:
      return storage::ArithmeticOp::kMultiply;
    case BinaryOp::kDivide:
      return storage::ArithmeticOp::kDivide;
    case BinaryOp::kModulo:
      return storage::ArithmeticOp::kModulo;
    case BinaryOp::kPower:
      return storage::ArithmeticOp::kPower;
    default:
      return storage::ArithmeticOp::kAdd;
  }
}

}  // namespace spandrel::query
