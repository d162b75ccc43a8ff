// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/metrics.h"
#include "base/status.h"
#include "columnar/options.h"
#include "storage/store.h"

namespace spandrel::columnar {

// The embedded trace store: a write-ahead log, a head in memory, sealed parts on disk, in one
// directory that one process holds. See docs/design/store.md.
//
// Append completes on the log's thread once the batch is as durable as the options say, and is
// refused with UNAVAILABLE while too much waits, too much is unsealed, or the log cannot be
// written; reads go on meanwhile. Every method may be called from any thread.
class Engine final : public storage::Writer, public storage::Reader {
 public:
  // Takes the directory, recovers what is there and starts. Damage never keeps it from starting:
  // what is damaged is set aside, logged and counted. Fails with one line that names the directory
  // when it is missing, not writable, full, held by another process, or of a later version.
  static base::Result<std::unique_ptr<Engine>> Open(EngineOptions options,
                                                    base::MetricRegistry& metrics);
  // Closes.
  ~Engine() override;

  // Completes what was appended, seals it, and lets go of the directory. Later appends are refused;
  // reads still answer. May be called more than once.
  void Close();

  void Append(span::SpanBatch&& batch, storage::Completion done) override;

  base::Result<span::SpanBatch> GetTrace(const span::TraceId& trace_id) override;
  base::Result<storage::SearchResult> Search(const storage::SearchRequest& request) override;
  base::Result<storage::AggregateResult> Aggregate(
      const storage::AggregateRequest& request) override;
  base::Result<std::vector<std::string>> Services() override;
  base::Result<std::vector<storage::Operation>> Operations(std::string_view service) override;
  base::Result<std::vector<storage::AttributeName>> TagNames(const storage::Predicate& where,
                                                             storage::TimeRange range,
                                                             size_t limit) override;
  base::Result<std::vector<std::string>> TagValues(const storage::Field& field,
                                                   const storage::Predicate& where,
                                                   storage::TimeRange range, size_t limit) override;
  base::Result<std::vector<storage::Dependency>> Dependencies(storage::TimeRange range) override;

  storage::StoreStats Stats() const;
  Durability durability() const;

  // Seals and merges what there is and waits for it; what time and load would bring about anyway.
  void Settle();

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace spandrel::columnar
