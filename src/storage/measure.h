// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/status.h"
#include "span/span_batch.h"
#include "storage/expression.h"
#include "storage/time_range.h"
#include "storage/value_histogram.h"

// Counts, sums, bounds and histograms of any numeric field over spans, by typed group and time.
// aggregate.h is the shorter way to durations and errors.
namespace spandrel::storage {

enum class MeasureKind : uint8_t { kCount, kSum, kMin, kMax, kHistogram };

// What is measured of the first number that a field has in a span; spans without one are left out.
// kCount without a field counts spans.
struct Measure {
  MeasureKind kind = MeasureKind::kCount;
  std::optional<FieldRef> field;
};

inline constexpr size_t kMaxMeasures = 16;
inline constexpr size_t kMaxGroupFields = 5;

struct MeasureRequest {
  Expression where;
  TimeRange start_time;
  std::vector<FieldRef> group_by;  // at most kMaxGroupFields
  uint64_t step_nano = 0;  // width of the time buckets, aligned to start_time.min; 0: one bucket
  std::vector<Measure> measures;  // 1 to kMaxMeasures
  size_t max_groups = 1000;       // those with the most spans are kept
  size_t exemplars = 0;           // wanted for each bucket
};

// One measure in one bucket. A span counts as many times as it stands for.
struct Measured {
  uint64_t count = 0;         // spans that were measured; 0: the others are not set
  double sum = 0;             // kSum. Ints are added up without loss first
  std::optional<Number> min;  // kMin; of an int and a double that are equal, the int
  std::optional<Number> max;  // kMax; likewise
  ValueHistogram histogram;   // kHistogram
};

// A span that stands for its bucket; which ones do is the engine's choice.
struct Exemplar {
  span::TraceId trace_id;
  span::SpanId span_id;
  uint64_t start_time_unix_nano = 0;
  std::optional<Number> value;  // of the first measure's field
};

struct MeasureBucket {
  uint64_t start_time_unix_nano = 0;
  uint64_t spans = 0;
  std::vector<Measured> measures;  // in the order of the request
  std::vector<Exemplar> exemplars;
};

struct MeasureSeries {
  std::vector<OptionalValue> group;    // the first value of each field, nothing where it is absent
  std::vector<MeasureBucket> buckets;  // those that are not empty, by time
};

struct MeasureResult {
  std::vector<MeasureSeries> series;  // most spans first, equal ones by group
  bool truncated = false;             // there were more than max_groups groups
};

// INVALID_ARGUMENT for what the request may not ask; its expression is not looked at.
base::Status ValidateRequest(const MeasureRequest& request);

}  // namespace spandrel::storage
