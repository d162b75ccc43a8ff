// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/reader.h"

namespace spandrel::query {

// A reader for which an attribute's old and new names are one question: what is asked of `reader`
// has the other names beside each name that was asked for (attribute_names.h), unless the context
// asks for exact names. What is listed, compared over all attributes, or read as whole spans is as
// it was stored. As thread-safe as `reader`.
class RenamedReader final : public storage::Reader {
 public:
  // `reader` outlives it.
  explicit RenamedReader(storage::Reader& reader) : reader_(reader) {}

  storage::Capabilities capabilities() const override { return reader_.capabilities(); }
  storage::Pushdown PushesDown(const storage::Expression& expression) const override;

  base::Result<span::SpanBatch> GetTrace(const storage::QueryContext& context,
                                         const span::TraceId& trace_id) override {
    return reader_.GetTrace(context, trace_id);
  }
  base::Status GetTraces(const storage::QueryContext& context,
                         const std::vector<storage::WantedTrace>& traces,
                         storage::SpansSink& sink) override {
    return reader_.GetTraces(context, traces, sink);
  }
  base::Result<span::SpanBatch> GetSpan(const storage::QueryContext& context,
                                        const span::TraceId& trace_id,
                                        const span::SpanId& span_id) override {
    return reader_.GetSpan(context, trace_id, span_id);
  }
  base::Result<storage::SearchResult> Search(const storage::QueryContext& context,
                                             const storage::SearchRequest& request) override;
  base::Status TraceScan(const storage::QueryContext& context,
                         const storage::TraceScanRequest& request,
                         storage::TraceSink& sink) override;
  base::Result<storage::AggregateResult> Aggregate(
      const storage::QueryContext& context, const storage::AggregateRequest& request) override;
  base::Result<storage::MeasureResult> Measure(const storage::QueryContext& context,
                                               const storage::MeasureRequest& request) override;
  base::Result<storage::ValueCountsResult> ValueCounts(
      const storage::QueryContext& context, const storage::ValueCountsRequest& request) override;
  base::Result<storage::NamesResult> Names(const storage::QueryContext& context,
                                           const storage::NamesRequest& request) override;
  base::Result<storage::ValuesResult> Values(const storage::QueryContext& context,
                                             const storage::ValuesRequest& request) override;
  base::Result<std::vector<std::string>> Services(const storage::QueryContext& context) override {
    return reader_.Services(context);
  }
  base::Result<std::vector<storage::Operation>> Operations(const storage::QueryContext& context,
                                                           std::string_view service) override {
    return reader_.Operations(context, service);
  }
  base::Result<std::vector<storage::AttributeName>> TagNames(const storage::QueryContext& context,
                                                             const storage::Predicate& where,
                                                             storage::TimeRange range,
                                                             size_t limit) override;
  base::Result<std::vector<std::string>> TagValues(const storage::QueryContext& context,
                                                   const storage::Field& field,
                                                   const storage::Predicate& where,
                                                   storage::TimeRange range, size_t limit) override;
  base::Result<std::vector<storage::Dependency>> Dependencies(const storage::QueryContext& context,
                                                              storage::TimeRange range) override {
    return reader_.Dependencies(context, range);
  }

 private:
  storage::Reader& reader_;
};

}  // namespace spandrel::query
