// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "span/span_batch.h"
#include "storage/aggregate.h"
#include "storage/capabilities.h"
#include "storage/catalog.h"
#include "storage/dependencies.h"
#include "storage/measure.h"
#include "storage/predicate.h"
#include "storage/query_context.h"
#include "storage/search.h"
#include "storage/time_range.h"
#include "storage/trace_reader.h"
#include "storage/trace_scan.h"
#include "storage/value_counts.h"

namespace spandrel::storage {

// The questions that a store answers, for the tenant of the context. Times are nanoseconds since
// the Unix epoch, durations nanoseconds. Every method may be called from any thread. Reads see
// every span whose Append has completed, and stop with the context's status soon after it has one.
//
// A read reserves of the context what it holds: regular expressions, lists of candidates, groups,
// names and values, spans. RESOURCE_EXHAUSTED when there is no room. All of that goes back when the
// read ends, but for spans that are handed over: their chunks hold what they take.
class Reader {
 public:
  virtual ~Reader() = default;

  virtual Capabilities capabilities() const = 0;
  // How much of an expression the engine decides itself. Answers are exact whatever it says.
  virtual Pushdown PushesDown(const Expression& expression) const = 0;

  // All stored spans of one trace, exactly as they were sent, in order of start time; a span that
  // was sent twice with the same content comes back once. NOT_FOUND when there are none.
  virtual base::Result<span::SpanBatch> GetTrace(const QueryContext& context,
                                                 const span::TraceId& trace_id) = 0;
  // The same for several, in their order; those that are not stored are left out.
  virtual base::Status GetTraces(const QueryContext& context,
                                 const std::vector<WantedTrace>& traces, SpansSink& sink) = 0;
  // One span, of several with that id the earliest. NOT_FOUND when there is none.
  virtual base::Result<span::SpanBatch> GetSpan(const QueryContext& context,
                                                const span::TraceId& trace_id,
                                                const span::SpanId& span_id) = 0;

  // Nothing that was acknowledged is missing from the order, and limits are exact.
  virtual base::Result<SearchResult> Search(const QueryContext& context,
                                            const SearchRequest& request) = 0;
  // Hands the traces of which a span matches to the sink.
  virtual base::Status TraceScan(const QueryContext& context, const TraceScanRequest& request,
                                 TraceSink& sink) = 0;

  virtual base::Result<AggregateResult> Aggregate(const QueryContext& context,
                                                  const AggregateRequest& request) = 0;
  virtual base::Result<MeasureResult> Measure(const QueryContext& context,
                                              const MeasureRequest& request) = 0;
  virtual base::Result<ValueCountsResult> ValueCounts(const QueryContext& context,
                                                      const ValueCountsRequest& request) = 0;

  // Attribute keys and values of fields, with counts.
  virtual base::Result<NamesResult> Names(const QueryContext& context,
                                          const NamesRequest& request) = 0;
  virtual base::Result<ValuesResult> Values(const QueryContext& context,
                                            const ValuesRequest& request) = 0;

  // The names of all services, sorted.
  virtual base::Result<std::vector<std::string>> Services(const QueryContext& context) = 0;
  // Distinct operations of a service, sorted; of all services when `service` is empty.
  virtual base::Result<std::vector<Operation>> Operations(const QueryContext& context,
                                                          std::string_view service) = 0;
  // Distinct attribute keys of matching spans, sorted; at most `limit`.
  virtual base::Result<std::vector<AttributeName>> TagNames(const QueryContext& context,
                                                            const Predicate& where, TimeRange range,
                                                            size_t limit) = 0;
  // Distinct values of a field in matching spans, as text, sorted; at most `limit`. Of a field with
  // several values in a span, the first.
  virtual base::Result<std::vector<std::string>> TagValues(const QueryContext& context,
                                                           const Field& field,
                                                           const Predicate& where, TimeRange range,
                                                           size_t limit) = 0;
  // Calls between services whose child span starts in the range, sorted by parent and child.
  virtual base::Result<std::vector<Dependency>> Dependencies(const QueryContext& context,
                                                             TimeRange range) = 0;
};

}  // namespace spandrel::storage
