// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storage/expression.h"
#include "storage/field.h"
#include "traceql/ast.h"

// What TraceQL asks of one span, as the store is asked. Where Tempo answers wrongly
// (docs/guide/traceql.md), this says what is right:
//   * `!` turns a condition around, also where it is false because something is absent. `!` of an
//     attribute holds where it is there and false.
//   * Conditions on events that `&&` joins must hold of one event; so must both sides of a
//     comparison between fields of events. The same for links.
//   * An attribute never equals a status or a kind, whatever its text.
//   * Ids compare without their leading zeros and their case.
namespace spandrel::query {

// Of all fields but the intrinsic `parent`, which has no value of its own.
storage::FieldRef FieldOf(const traceql::Field& field);
// An expression as a condition, or as an operand. Its limits are storage::ValidateExpression's.
storage::Expression Lower(const traceql::FieldExpr& expr);

}  // namespace spandrel::query
