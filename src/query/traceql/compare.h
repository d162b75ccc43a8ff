// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "query/traceql/measure_spans.h"
#include "query/traceql/series.h"
#include "storage/query_context.h"
#include "storage/reader.h"
#include "traceql/ast.h"

namespace spandrel::query {

// The series of compare(): of the spans of a filter, how often each value of each field of span and
// resource is in those of the selection and in the others, which are the baseline. The label
// `__meta_type` is `selection` or `baseline`, the other one the field with its value; beside those
// of the most spans there is `selection_total` or `baseline_total` of each field, with the value
// "nil". All counts are of the whole range, at its last point. UNIMPLEMENTED after more than one
// filter.
base::Result<SeriesSet> CompareSelections(const storage::QueryContext& context,
                                          storage::Reader& reader, const traceql::MetricsExpr& expr,
                                          const TimePoints& points);

}  // namespace spandrel::query
