// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "promql/ast.h"
#include "query/promql/values.h"

// What operators and functions make of values, as Prometheus does. INVALID_ARGUMENT for series that
// cannot be told apart; the message has no place.
namespace spandrel::query {

// Takes the names away; series must differ without them.
base::Status DropNames(PromVector* series);

base::Result<PromValue> Negated(PromValue value);
// Both sides are numbers or series. Of two series, those whose matched labels are equal; there may
// be one of each on each side.
base::Result<PromValue> Combined(const promql::Binary& binary, PromValue left, PromValue right);

}  // namespace spandrel::query
