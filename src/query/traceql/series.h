// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "query/traceql/measure_spans.h"
#include "span/ids.h"
#include "storage/value.h"
#include "traceql/ast.h"

// Series over points in time, and what a query does with them.
namespace spandrel::query {

using SeriesLabel = std::pair<std::string, storage::Value>;

struct SeriesExemplar {
  span::TraceId trace_id;
  uint64_t time_unix_nano = 0;
  double value = 0;
};

struct Series {
  std::vector<SeriesLabel> labels;
  std::vector<double> values;  // by point; not-a-number where there is none
  std::vector<SeriesExemplar> exemplars;
};

struct SeriesSet {
  std::vector<Series> series;  // by labels
  bool truncated = false;      // there were more
};

// Sorts by labels.
void SortByLabels(std::vector<Series>* series);

// The n largest, or smallest, values at each point stay; of equal ones those whose labels come
// first. Or those that a comparison with a number holds of. Series without a value are left out.
void ApplyStage(const traceql::SecondStage& stage, SeriesSet* set);

// Each series of one side with that of the other that has the same labels, `__name__` aside; one
// without labels with each of the other side. A division by zero has no value.
SeriesSet Combine(traceql::BinaryOp op, SeriesSet left, SeriesSet right);
// With a number on one side.
void CombineWithNumber(traceql::BinaryOp op, double number, bool number_is_left, SeriesSet* set);

}  // namespace spandrel::query
