// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "base/status.h"
#include "query/traceql/measure_spans.h"
#include "query/traceql/series.h"
#include "storage/query_context.h"
#include "storage/reader.h"
#include "traceql/ast.h"

namespace spandrel::query {

struct SeriesRequest {
  TimePoints points;
  size_t max_series = 1000;  // of each pipeline; those of the most spans are kept
  size_t exemplars = 0;      // of each pipeline
};

// The series of a query of metrics:
//   * Spans count at the point that their start belongs to, as often as they stand for.
//   * rate() and count_over_time() are 0 where nothing was, the others have no value there; what is
//     measured is the first number of the field, and durations are in seconds.
//   * quantile_over_time() is within 1.1 % of the number that a share of all is at most, label `p`.
//     histogram_over_time() counts by powers of two, label `__bucket`.
//   * Labels are the fields of by() as they are written. A field that a span lacks is no label; of
//     the only one it is "nil". Without by() the label is `__name__`.
//   * compare() as CompareSelections.
// INVALID_ARGUMENT for more than five fields in by().
base::Result<SeriesSet> MakeSeries(const storage::QueryContext& context, storage::Reader& reader,
                                   const traceql::MetricsExpr& expr, const SeriesRequest& request);

}  // namespace spandrel::query
