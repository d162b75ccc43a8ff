// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "span/span_view.h"
#include "storage/evaluate.h"
#include "storage/store.h"
#include "storage/trace_fields.h"

namespace spandrel::conformance {

// The contract of a trace store read literally: keeps every batch in memory and scans all of it for
// every question. What an engine answers must equal what this one answers. A span counts as its
// SpanEntry::weight says, a trace as the highest of its spans. Thread-safe.
class ReferenceStore final : public storage::Store, public storage::Writer, public storage::Reader {
 public:
  // With less than the best capabilities, the contract is read as an engine that promises no more
  // has to keep it: see kept_spans.h.
  explicit ReferenceStore(storage::Capabilities can = {}) : can_(can) {}

  storage::Writer& writer() override { return *this; }
  storage::Reader& reader() override { return *this; }
  storage::StoreStats Stats() const override;
  void Settle() override {}
  void Close() override;

  void Append(span::SpanBatch&& batch, storage::Completion done) override;

  storage::Capabilities capabilities() const override { return can_; }
  storage::Pushdown PushesDown(const storage::Expression& /*expression*/) const override {
    return storage::Pushdown::kNone;
  }

  base::Result<span::SpanBatch> GetTrace(const storage::QueryContext& context,
                                         const span::TraceId& trace_id) override;
  base::Status GetTraces(const storage::QueryContext& context,
                         const std::vector<storage::WantedTrace>& traces,
                         storage::SpansSink& sink) override;
  base::Result<span::SpanBatch> GetSpan(const storage::QueryContext& context,
                                        const span::TraceId& trace_id,
                                        const span::SpanId& span_id) override;
  base::Status TraceScan(const storage::QueryContext& context,
                         const storage::TraceScanRequest& request,
                         storage::TraceSink& sink) override;
  base::Result<storage::MeasureResult> Measure(const storage::QueryContext& context,
                                               const storage::MeasureRequest& request) override;
  base::Result<storage::ValueCountsResult> ValueCounts(
      const storage::QueryContext& context, const storage::ValueCountsRequest& request) override;
  base::Result<storage::NamesResult> Names(const storage::QueryContext& context,
                                           const storage::NamesRequest& request) override;
  base::Result<storage::ValuesResult> Values(const storage::QueryContext& context,
                                             const storage::ValuesRequest& request) override;
  base::Result<storage::SearchResult> Search(const storage::QueryContext& context,
                                             const storage::SearchRequest& request) override;
  base::Result<storage::AggregateResult> Aggregate(
      const storage::QueryContext& context, const storage::AggregateRequest& request) override;
  base::Result<std::vector<std::string>> Services(const storage::QueryContext& context) override;
  base::Result<std::vector<storage::Operation>> Operations(const storage::QueryContext& context,
                                                           std::string_view service) override;
  base::Result<std::vector<storage::AttributeName>> TagNames(const storage::QueryContext& context,
                                                             const storage::Predicate& where,
                                                             storage::TimeRange range,
                                                             size_t limit) override;
  base::Result<std::vector<std::string>> TagValues(const storage::QueryContext& context,
                                                   const storage::Field& field,
                                                   const storage::Predicate& where,
                                                   storage::TimeRange range, size_t limit) override;
  base::Result<std::vector<storage::Dependency>> Dependencies(const storage::QueryContext& context,
                                                              storage::TimeRange range) override;

 private:
  using Visit = std::function<void(const span::SpanRef&)>;
  // Every distinct span that matches and starts in the range, in no particular order.
  base::Status ForEachMatch(const storage::QueryContext& context, const storage::Predicate& where,
                            storage::TimeRange range, const Visit& visit);

  // Every trace of which a span matches and starts in the range, by id, and which of its spans do.
  using VisitTrace =
      std::function<void(const storage::TraceFields&, const std::vector<uint8_t>& matched)>;
  base::Status ForEachMatchingTrace(const storage::QueryContext& context,
                                    const storage::Expression& where, storage::TimeRange range,
                                    const VisitTrace& visit) const;
  // Each of these spans, with its fields.
  using VisitRow = std::function<void(const span::SpanRef&, const storage::TraceFields::Row&)>;
  base::Status ForEachMatchingRow(const storage::QueryContext& context,
                                  const storage::Expression& where, storage::TimeRange range,
                                  const VisitRow& visit) const;

  // One span in a chunk of its own.
  using OneSpan = std::shared_ptr<const span::SpanChunk>;

  const storage::Capabilities can_;
  mutable std::mutex mutex_;
  bool closed_ = false;                                          // guarded by mutex_
  std::map<span::TraceId, std::vector<OneSpan>> traces_;         // guarded by mutex_
  std::set<std::pair<span::TraceId, std::string>> known_spans_;  // guarded by mutex_
};

}  // namespace spandrel::conformance
