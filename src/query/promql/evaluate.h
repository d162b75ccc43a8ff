// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "promql/ast.h"
#include "query/promql/values.h"
#include "storage/query_context.h"
#include "storage/reader.h"

namespace spandrel::query {

// What a query is at each of the points, counted in the store: see select.h for counters, and
// operators.h and aggregation.h for what is made of them. At one point series come in the order
// that the query asks for, else by their labels.
//
// Memory for the answer, and for what is made on the way, is taken of `memory`. INVALID_ARGUMENT
// with a place for what cannot be computed, RESOURCE_EXHAUSTED when it is too much.
base::Result<PromValue> Evaluate(const storage::QueryContext& context, storage::Reader& reader,
                                 const promql::Query& query, const Instants& points,
                                 storage::QueryMemory* memory);

}  // namespace spandrel::query
