// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "traceql/ast.h"

namespace spandrel::traceql {

// The one text of a query, which Parse reads as the same query: one blank around operators, and
// parentheses wherever an operator is the operand of another.
std::string ToText(const Query& query);
std::string ToText(const FieldExpr& expr);
std::string ToText(const Field& field);
std::string ToText(const Static& constant);
std::string ToText(const ScalarExpr& scalar);

}  // namespace spandrel::traceql
