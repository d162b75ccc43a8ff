// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/health.h"
#include "base/metrics.h"
#include "base/status.h"
#include "columnar/options/options.h"
#include "disk/damage.h"
#include "storage/store.h"

namespace spandrel::columnar {

// A sealed part.
struct PartInfo {
  std::string file;
  uint64_t bytes = 0;
  uint64_t spans = 0;
  uint64_t traces = 0;
  uint64_t min_start_unix_nano = 0;
  uint64_t max_start_unix_nano = 0;
  // Whether retention by policy was applied to it, and what was dropped then.
  bool policy_applied = false;
  uint64_t dropped_spans = 0;
  uint64_t dropped_traces = 0;
};

// What was read by Engine::Verify, and what is wrong.
struct VerifyReport {
  uint64_t spans = 0;
  uint64_t parts = 0;
  uint64_t unreadable_spans = 0;  // in parts; not among `spans`
  std::vector<disk::Damage> damage;
  bool complete = false;  // false when `progress` ended it
};

// What was handed over by Engine::ForEachTrace.
struct TraceWalk {
  uint64_t traces = 0;
  uint64_t spans = 0;
  uint64_t unreadable_spans = 0;  // left out, since they are damaged
};

// The embedded trace store: a write-ahead log, heads in memory, sealed parts on disk, in one
// directory that one process holds. See docs/design/store.md.
//
// With EngineOptions::tenants, spans and questions are of the tenant that they name (the batch's
// signal::Origin::tenant, QueryContext::tenant); without, all are of the default tenant. What a
// tenant has stored, no other one sees. Nothing is found of a tenant that has stored nothing.
//
// Append completes on the log's thread once the batch is as durable as the options say, and is
// refused with UNAVAILABLE while too much waits, too much is unsealed, the log cannot be written,
// or the directory or the folder of the parts is not where it was; reads go on meanwhile. What can
// be mended (a full disk, a folder that is missing) is tried again by itself; a directory that was
// removed comes back with a restart only. Every method may be called from any thread.
class Engine final : public storage::Store, public storage::Writer, public storage::Reader {
 public:
  // Takes the directory, recovers what is there and starts. Damage never keeps it from starting:
  // what is damaged is set aside, logged and counted. Fails with one line that names the directory
  // when it is missing, not writable, held by another process, or of a later version.
  static base::Result<std::unique_ptr<Engine>> Open(EngineOptions options,
                                                    base::MetricRegistry& metrics);
  // Closes.
  ~Engine() override;

  // The same store, but everything is of this tenant, whatever a context or batch says. The name is
  // one (base/tenant_name.h), or empty for the default tenant. It shares the store, and does not
  // close it.
  std::unique_ptr<Engine> ForTenant(std::string name) const;

  // Completes what was appended, seals it, and lets go of the directory. Later appends are refused;
  // reads still answer. May be called more than once.
  void Close() override;

  storage::Writer& writer() override { return *this; }
  storage::Reader& reader() override { return *this; }

  void Append(span::SpanBatch&& batch, storage::Completion done) override;
  // The same for a batch of that tenant; INVALID_ARGUMENT when the name is none.
  void Append(std::string tenant, span::SpanBatch&& batch, storage::Completion done);

  storage::Capabilities capabilities() const override;
  storage::Pushdown PushesDown(const storage::Expression& expression) const override;

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

  // Of all tenants together, or of the one that this engine is for.
  storage::StoreStats Stats() const override;
  // Of the whole store, whatever tenant this engine is for.
  base::Health Health() const override;
  Durability durability() const;
  const EngineOptions& options() const;
  // The names of those who have something here; the first one is the default tenant's, empty.
  std::vector<std::string> Tenants() const;
  // The sealed parts, oldest first of each tenant: of all of them, or of the one that this engine
  // is for.
  std::vector<PartInfo> Parts() const;

  // The number of traces with a span that starts in the range and matches.
  base::Result<uint64_t> CountTraces(const storage::QueryContext& context,
                                     const storage::Predicate& where, storage::TimeRange range);
  // Hands over each of these traces once, with all its spans, by the start of its earliest such
  // span and its id, until `visit` returns false. Takes memory for the ids of all traces and for
  // one trace.
  using TraceVisitor = std::function<bool(const span::SpanBatch& trace)>;
  base::Result<TraceWalk> ForEachTrace(const storage::QueryContext& context,
                                       const storage::Predicate& where, storage::TimeRange range,
                                       const TraceVisitor& visit);

  // Reads everything, of all tenants, and says what is damaged, what was found when the store was
  // opened included. `progress` is told the number of spans read so far; false ends it.
  using VerifyProgress = std::function<bool(uint64_t spans)>;
  VerifyReport Verify(const VerifyProgress& progress);

  // Seals and merges what there is and waits for it; what time and load would bring about anyway.
  void Settle() override;
  // The same. Of parts that Verify or a question has found damaged, what can be read is written
  // anew; their files go to quarantine, and answers lack the rest of them while they are there.
  void Repair();
  void ReleaseMemory() override;

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace spandrel::columnar
