// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/status.h"
#include "storage/measure.h"
#include "storage/query_context.h"
#include "storage/reader.h"
#include "traceql/ast.h"

namespace spandrel::query {

// The points in time of series; a point stands for what happened after the one before it, up to and
// with itself.
struct TimePoints {
  uint64_t first_unix_nano = 0;
  uint64_t step_nano = 1;
  size_t count = 1;

  uint64_t At(size_t i) const { return first_unix_nano + i * step_nano; }
  // Of the start of a bucket of the store, which begins one nanosecond after a point.
  size_t IndexOfBucket(uint64_t start_unix_nano) const {
    return (start_unix_nano - Range().min_unix_nano) / step_nano;
  }
  storage::TimeRange Range() const {
    const uint64_t before = first_unix_nano > step_nano ? first_unix_nano - step_nano : 0;
    return {before + 1, At(count - 1) + 1};
  }
};

// What is measured of the spans that a pipeline finds, whose measure and group fields are plain.
struct SpansMeasure {
  const traceql::Pipeline& pipeline;
  std::vector<storage::FieldRef> group_by;
  std::vector<storage::Measure> measures;
  TimePoints points;
  size_t max_groups = 1000;
  size_t exemplars = 0;  // wanted at each point
};

// The filter that a pipeline is all of; null when it is more.
const traceql::FieldExpr* OnlyFilter(const traceql::Pipeline& pipeline);

// As Reader::Measure, of a filter by it; of several filters, structure or groups by a scan. A span
// that is in several spansets counts once.
base::Result<storage::MeasureResult> MeasureSpans(const storage::QueryContext& context,
                                                  storage::Reader& reader,
                                                  const SpansMeasure& request);

}  // namespace spandrel::query
