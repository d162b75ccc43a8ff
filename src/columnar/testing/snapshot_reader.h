// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "columnar/read/count/aggregate.h"
#include "columnar/read/count/dependencies.h"
#include "columnar/read/count/measure.h"
#include "columnar/read/count/value_counts.h"
#include "columnar/read/list/catalog.h"
#include "columnar/read/list/lists.h"
#include "columnar/read/traces/fetch.h"
#include "columnar/read/traces/search.h"
#include "columnar/read/traces/trace_scan.h"
#include "storage/reader.h"

namespace spandrel::columnar {

// All reads of one snapshot, which outlives it, without an engine around it.
class SnapshotReader final : public storage::Reader {
 public:
  explicit SnapshotReader(const Snapshot& snapshot) : snapshot_(snapshot) {}

  storage::Capabilities capabilities() const override { return {}; }
  storage::Pushdown PushesDown(const storage::Expression& /*expression*/) const override {
    return storage::Pushdown::kNone;
  }

  base::Result<span::SpanBatch> GetTrace(const storage::QueryContext& context,
                                         const span::TraceId& trace_id) override {
    return ReadTrace(context, snapshot_, trace_id);
  }
  base::Status GetTraces(const storage::QueryContext& context,
                         const std::vector<storage::WantedTrace>& traces,
                         storage::SpansSink& sink) override {
    return TracesReader(context, traces, sink).Send(snapshot_).status();
  }
  base::Result<span::SpanBatch> GetSpan(const storage::QueryContext& context,
                                        const span::TraceId& trace_id,
                                        const span::SpanId& span_id) override {
    return ReadSpan(context, snapshot_, trace_id, span_id);
  }
  base::Result<storage::SearchResult> Search(const storage::QueryContext& context,
                                             const storage::SearchRequest& request) override {
    return SearchTraces(context, snapshot_, request);
  }
  base::Status TraceScan(const storage::QueryContext& context,
                         const storage::TraceScanRequest& request,
                         storage::TraceSink& sink) override {
    auto scanner = TraceScanner::Make(context, request, sink);
    return scanner.ok() ? scanner->Send(snapshot_).status() : scanner.status();
  }
  base::Result<storage::AggregateResult> Aggregate(
      const storage::QueryContext& context, const storage::AggregateRequest& request) override {
    return AggregateSpans(context, snapshot_, request);
  }
  base::Result<storage::MeasureResult> Measure(const storage::QueryContext& context,
                                               const storage::MeasureRequest& request) override {
    return MeasureSpans(context, snapshot_, request);
  }
  base::Result<storage::ValueCountsResult> ValueCounts(
      const storage::QueryContext& context, const storage::ValueCountsRequest& request) override {
    return CountValues(context, snapshot_, request);
  }
  base::Result<storage::NamesResult> Names(const storage::QueryContext& context,
                                           const storage::NamesRequest& request) override {
    return ListNames(context, snapshot_, request);
  }
  base::Result<storage::ValuesResult> Values(const storage::QueryContext& context,
                                             const storage::ValuesRequest& request) override {
    return ListValues(context, snapshot_, request);
  }
  base::Result<std::vector<std::string>> Services(const storage::QueryContext& context) override {
    return ListServices(context, snapshot_);
  }
  base::Result<std::vector<storage::Operation>> Operations(const storage::QueryContext& context,
                                                           std::string_view service) override {
    return ListOperations(context, snapshot_, service);
  }
  base::Result<std::vector<storage::AttributeName>> TagNames(const storage::QueryContext& context,
                                                             const storage::Predicate& where,
                                                             storage::TimeRange range,
                                                             size_t limit) override {
    return ListTagNames(context, snapshot_, where, range, limit);
  }
  base::Result<std::vector<std::string>> TagValues(const storage::QueryContext& context,
                                                   const storage::Field& field,
                                                   const storage::Predicate& where,
                                                   storage::TimeRange range,
                                                   size_t limit) override {
    return ListTagValues(context, snapshot_, field, where, range, limit);
  }
  base::Result<std::vector<storage::Dependency>> Dependencies(const storage::QueryContext& context,
                                                              storage::TimeRange range) override {
    return FindDependencies(context, snapshot_, range);
  }

 private:
  const Snapshot& snapshot_;
};

}  // namespace spandrel::columnar
