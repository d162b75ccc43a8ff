// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "traceql/ast.h"

// Arithmetic outside of braces. What is of constants only becomes one: ints divide as ints,
// durations are not taken, what does not fit 64 bits is an error.
namespace spandrel::traceql {

// + - * / of doubles.
double ComputeFloats(BinaryOp op, double left, double right);

base::Result<ScalarExpr> CombineNumbers(BinaryOp op, Place place, ScalarExpr left,
                                        ScalarExpr right);
// Of a constant.
base::Result<ScalarExpr> NegatedConstant(ScalarExpr constant, Place place);

}  // namespace spandrel::traceql
