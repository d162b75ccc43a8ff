// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storage/expression.h"
#include "traceql/ast.h"

namespace spandrel::query {

// The store's word for an operator; of comparisons, and of arithmetic.
storage::CompareOp CompareOpOf(traceql::BinaryOp op);
storage::ArithmeticOp ArithmeticOpOf(traceql::BinaryOp op);

}  // namespace spandrel::query
