// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "span/ids.h"
#include "span/span_batch.h"
#include "storage/value.h"

namespace spandrel::cli {

// Times are nanoseconds since the Unix epoch, whole seconds; spans that start at either end count.
struct SearchQuestion {
  std::string query;  // of spans
  uint64_t from_unix_nano = 0;
  uint64_t to_unix_nano = 0;
  size_t limit = 20;         // traces
  size_t spans_per_set = 1;  // that are told of each spanset
};

struct SpanRow {
  span::SpanId span_id;
  uint64_t start_unix_nano = 0;
  uint64_t duration_nano = 0;
  std::string name;                                            // empty unless the query selects it
  std::vector<std::pair<std::string, storage::Value>> fields;  // that the query names
};

struct TraceRow {
  span::TraceId trace_id;
  bool has_root = false;
  std::string root_service;
  std::string root_name;
  uint64_t start_unix_nano = 0;
  uint64_t duration_nano = 0;  // a server tells whole milliseconds
  uint64_t spans = 0;
  uint64_t errors = 0;  // spans with status error
  uint64_t matched = 0;
  std::vector<std::string> services;
  std::vector<SpanRow> shown;  // some of those that matched
};

struct SearchAnswer {
  std::vector<TraceRow> traces;  // newest first
  uint64_t inspected_spans = 0;
};

// A point stands for what happened in the step that ends with it. The ends are multiples of the
// step.
struct SeriesQuestion {
  std::string query;  // of metrics
  uint64_t from_unix_nano = 0;
  uint64_t to_unix_nano = 0;
  uint64_t step_nano = 0;
  size_t limit = 20;  // series
};

struct SeriesRow {
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<uint64_t, double>> points;  // by time; those that have a value
};

struct SeriesAnswer {
  std::vector<SeriesRow> series;
  bool truncated = false;  // there are more
};

// Where questions go. One thread. A question ends with CANCELLED once a signal came, and with
// DEADLINE_EXCEEDED.
class Source {
 public:
  virtual ~Source() = default;

  virtual base::Result<SearchAnswer> Search(const SearchQuestion& question) = 0;
  virtual base::Result<SeriesAnswer> Series(const SeriesQuestion& question) = 0;
  // NOT_FOUND when no span of it is stored.
  virtual base::Result<span::SpanBatch> Trace(const span::TraceId& id) = 0;

  // How many spans the answers so far may lack, since they are damaged where they are stored.
  virtual uint64_t unreadable_spans() const = 0;
};

}  // namespace spandrel::cli
