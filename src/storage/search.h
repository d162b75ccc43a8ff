// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "span/span_batch.h"
#include "storage/predicate.h"
#include "storage/time_range.h"

// Traces by conditions on single spans, in an order that pages can follow.
namespace spandrel::storage {

enum class Order : uint8_t {
  kNewest,   // by the start of the trace's newest matching span, latest first
  kSlowest,  // by the duration of the trace, longest first
};

// A place in an ordered result: what comes next has a smaller key, or the same key and a greater
// trace id.
struct Cursor {
  uint64_t key = 0;  // kNewest: start time of the newest matching span; kSlowest: trace duration
  span::TraceId trace_id;
};

struct SearchRequest {
  Predicate where;  // on single spans; a trace is found when at least one span matches
  TimeRange start_time;
  Order order = Order::kNewest;
  size_t limit = 20;  // traces; exact
  std::optional<Cursor> after;
};

struct ServiceSummary {
  std::string name;
  uint64_t span_count = 0;
  uint64_t error_count = 0;
  friend bool operator==(const ServiceSummary&, const ServiceSummary&) = default;
};

// A trace as a result shows it: over all its stored spans, not only the matching ones.
struct TraceSummary {
  span::TraceId trace_id;
  // Of the earliest span without a parent, else of the earliest span; of several, the smallest id.
  std::string root_service;
  std::string root_name;
  span::SpanKind root_kind = span::SpanKind::kUnspecified;
  uint64_t start_time_unix_nano = 0;  // the earliest start
  uint64_t end_time_unix_nano = 0;    // the latest end
  uint64_t span_count = 0;
  uint64_t error_count = 0;              // spans with status error
  uint64_t orphan_count = 0;             // spans whose parent is not stored
  uint64_t matched_count = 0;            // spans that match and start in the range
  std::vector<ServiceSummary> services;  // by name

  uint64_t duration_nano() const {
    return end_time_unix_nano > start_time_unix_nano ? end_time_unix_nano - start_time_unix_nano
                                                     : 0;
  }
};

struct SearchResult {
  std::vector<TraceSummary> traces;
  std::optional<Cursor> next;  // set when there are more
  uint64_t scanned_spans = 0;
};

}  // namespace spandrel::storage
