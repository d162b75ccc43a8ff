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

namespace spandrel::conformance {

// The contract of a trace store read literally: keeps every batch in memory and scans all of it for
// every question. What an engine answers must equal what this one answers. A span counts as its
// SpanEntry::weight says, a trace as the highest of its spans. Thread-safe.
class ReferenceStore final : public storage::Writer, public storage::Reader {
 public:
  void Append(span::SpanBatch&& batch, storage::Completion done) override;

  base::Result<span::SpanBatch> GetTrace(const storage::QueryContext& context,
                                         const span::TraceId& trace_id) override;
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

  // One span in a chunk of its own.
  using OneSpan = std::shared_ptr<const span::SpanChunk>;

  std::mutex mutex_;
  std::map<span::TraceId, std::vector<OneSpan>> traces_;         // guarded by mutex_
  std::set<std::pair<span::TraceId, std::string>> known_spans_;  // guarded by mutex_
};

}  // namespace spandrel::conformance
