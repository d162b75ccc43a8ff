// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "traceql/ast.h"

namespace spandrel::traceql {

// What an expression gives; kAny where an attribute decides.
Type TypeOf(const FieldExpr& expr);

// INVALID_ARGUMENT with the place where a query asks what has no meaning whatever the spans are:
// operators beside types that they do not take, filters that are not conditions, groups and
// aggregates that do not look at the span, patterns that are not constant.
base::Status CheckTypes(const Query& query);

}  // namespace spandrel::traceql
