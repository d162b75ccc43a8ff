// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "span/span_batch.h"
#include "storage/latency_histogram.h"
#include "storage/predicate.h"
#include "storage/query_context.h"

// The contract of a trace store: all that the write half and the read half of Spandrel know of one
// another. Engines live in modules of their own; tests/conformance runs on each of them.
//
// Times are nanoseconds since the Unix epoch, durations nanoseconds. Every method may be called
// from any thread. Reads see every span whose Append has completed.
namespace spandrel::storage {

using Completion = std::function<void(base::Status)>;

class Writer {
 public:
  virtual ~Writer() = default;

  // Stores the batch as a whole or not at all. Calls `done` exactly once, from any thread, possibly
  // before it returns: OK once the spans are as durable as the engine is set to make them, a
  // retryable status when there is no room now, another one when the store cannot take them at all.
  // `done` must not block.
  virtual void Append(span::SpanBatch&& batch, Completion done) = 0;
};

// Half-open: min <= start time < max.
struct TimeRange {
  uint64_t min_unix_nano = 0;
  uint64_t max_unix_nano = UINT64_MAX;
  bool Contains(uint64_t time) const { return time >= min_unix_nano && time < max_unix_nano; }
};

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

struct Operation {
  std::string name;
  span::SpanKind kind = span::SpanKind::kUnspecified;
  friend auto operator<=>(const Operation&, const Operation&) = default;
};

struct AttributeName {
  AttributeScope scope = AttributeScope::kSpan;
  std::string key;
  friend auto operator<=>(const AttributeName&, const AttributeName&) = default;
};

// Calls from one service to another: pairs of a span and its parent in another service.
struct Dependency {
  std::string parent;
  std::string child;
  uint64_t call_count = 0;
  uint64_t error_count = 0;  // child spans with status error
  LatencyHistogram latency;  // of the child spans
};

// Every read stops with the context's CANCELLED or DEADLINE_EXCEEDED soon after it says so.
class Reader {
 public:
  virtual ~Reader() = default;

  // All stored spans of one trace, exactly as they were sent, in order of start time; a span that
  // was sent twice with the same content comes back once. NOT_FOUND when there are none.
  virtual base::Result<span::SpanBatch> GetTrace(const QueryContext& context,
                                                 const span::TraceId& trace_id) = 0;

  // Nothing that was acknowledged is missing from the order, and limits are exact.
  virtual base::Result<SearchResult> Search(const QueryContext& context,
                                            const SearchRequest& request) = 0;

  virtual base::Result<AggregateResult> Aggregate(const QueryContext& context,
                                                  const AggregateRequest& request) = 0;

  // The names of all services, sorted.
  virtual base::Result<std::vector<std::string>> Services(const QueryContext& context) = 0;

  // Distinct operations of a service, sorted; of all services when `service` is empty.
  virtual base::Result<std::vector<Operation>> Operations(const QueryContext& context,
                                                          std::string_view service) = 0;

  // Distinct attribute keys of matching spans, sorted; at most `limit`.
  virtual base::Result<std::vector<AttributeName>> TagNames(const QueryContext& context,
                                                            const Predicate& where, TimeRange range,
                                                            size_t limit) = 0;

  // Distinct values of a field in matching spans, as text, sorted; at most `limit`.
  virtual base::Result<std::vector<std::string>> TagValues(const QueryContext& context,
                                                           const Field& field,
                                                           const Predicate& where, TimeRange range,
                                                           size_t limit) = 0;

  // Calls between services whose child span starts in the range, sorted by parent and child.
  virtual base::Result<std::vector<Dependency>> Dependencies(const QueryContext& context,
                                                             TimeRange range) = 0;
};

// How an engine is doing, for metrics and the page.
struct StoreStats {
  uint64_t spans = 0;
  uint64_t disk_bytes = 0;
  uint64_t memory_bytes = 0;
  std::map<std::string, uint64_t> details;  // the engine's own figures by name
};

}  // namespace spandrel::storage
