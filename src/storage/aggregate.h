// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/latency_histogram.h"
#include "storage/predicate.h"
#include "storage/time_range.h"

// Counts, errors and durations of spans or traces, by group and time: what most pages draw, and
// what engines keep tables for. For any other field, typed groups and exemplars see measure.h,
// which looks at the spans themselves.
namespace spandrel::storage {

enum class CountUnit : uint8_t {
  kSpans,   // each matching span: its start, its duration, its status
  kTraces,  // each trace with a matching span: its start, its duration, error if any span is; a
            // trace that starts before the range counts in the first bucket
};

struct AggregateRequest {
  Predicate where;
  TimeRange start_time;
  CountUnit unit = CountUnit::kSpans;
  std::vector<Field> group_by;  // at most 3; with kTraces none
  uint64_t step_nano = 0;   // width of the time buckets, aligned to start_time.min; 0: one bucket
  size_t max_groups = 100;  // the groups with the highest counts are kept
};

struct AggregateBucket {
  uint64_t start_time_unix_nano = 0;
  uint64_t count = 0;
  uint64_t error_count = 0;
  LatencyHistogram latency;
};

struct AggregateSeries {
  std::vector<std::string> group;        // text of each group_by field, "" where absent
  std::vector<AggregateBucket> buckets;  // those that are not empty, by time
};

struct AggregateResult {
  std::vector<AggregateSeries> series;  // highest count first
  bool truncated = false;               // there were more than max_groups groups
};

}  // namespace spandrel::storage
