// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/status.h"
#include "columnar/options/options.h"
#include "columnar/options/store_layout.h"
#include "disk/space_reserve.h"
#include "journal/log_writer.h"
#include "span/span_batch.h"
#include "storage/store.h"

namespace spandrel::columnar {

// The write-ahead log of a store: a journal whose records are requests and whose keys are the names
// of tenants. Any thread.
class SpanLog {
 public:
  // Makes a batch readable. Called on the log's thread in order of sequence.
  using Publish = std::function<void(const std::string& tenant, const span::SpanBatch& batch,
                                     uint64_t sequence)>;

  // Goes on where `found` ends, see journal::LogWriter::Open. `check_place` as journal::LogOptions.
  static base::Result<std::unique_ptr<SpanLog>> Open(
      const EngineOptions& options, const StoreLayout& layout, journal::LogReplay found,
      base::MetricRegistry& metrics, Publish publish, disk::SpaceReserve* reserve,
      journal::LogFiles::EpochSource new_epoch = journal::LogWriter::RandomEpoch,
      std::function<base::Status()> check_place = {});

  // Writes the batch, which must not be empty, publishes it, then completes. Never blocks for long.
  void Append(std::string tenant, span::SpanBatch&& batch, storage::Completion done);

  // Requests up to `released_through`, of all tenants, are in parts.
  void Release(uint64_t released_through) { writer_->Release(released_through); }
  // Writes what waits. Later appends are refused.
  void Stop() { writer_->Stop(); }

  // Why requests are refused now; OK while they are taken.
  base::Status refusal() const { return writer_->refusal(); }

  uint64_t waiting_bytes() const { return writer_->waiting_bytes(); }
  uint64_t disk_bytes() const { return writer_->disk_bytes(); }
  double lateness() const { return writer_->lateness(); }

 private:
  class Entry;

  SpanLog(const EngineOptions& options, base::MetricRegistry& metrics, Publish publish);

  const bool is_written_;
  const Publish publish_;
  base::Counter& refused_;
  std::unique_ptr<journal::LogWriter> writer_;
};

}  // namespace spandrel::columnar
