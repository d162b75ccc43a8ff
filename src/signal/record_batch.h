// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/bytes.h"
#include "signal/origin.h"
#include "signal/signal.h"
#include "span/span_batch.h"
#include "span/span_view.h"

namespace spandrel::signal {

// One record of a chunk: a Metric or a LogRecord.
struct RecordEntry {
  base::ByteRange message;
  uint32_t scope = 0;  // index into RecordChunk::scopes
  uint32_t items = 0;  // data points of a metric; 1 for a log record
};

// Metrics or log records of one received request: its OTLP protobuf bytes and an index of what lies
// where, as span::SpanChunk is for spans. The bytes were checked when the index was made
// (wire::DecodeOtlpRecords), so readers need not check again. Immutable once made; shared by the
// stages that hold it.
struct RecordChunk {
  base::SharedBytes buffer;
  std::vector<span::ResourceEntry> resources;
  std::vector<span::ScopeEntry> scopes;
  std::vector<RecordEntry> records;
  // True when `buffer` is an export request that holds exactly `records` in this order, so that it
  // can be passed on as it is.
  bool whole = false;
  // The part of the process's byte budget that the buffer occupies.
  base::ByteBudget::Reservation reservation;

  std::string_view bytes() const { return *buffer; }
};

// Where a record stands in its chunk. Views live as long as the chunk.
class RecordRef {
 public:
  RecordRef(const RecordChunk& chunk, size_t index)
      : chunk_(&chunk), entry_(&chunk.records[index]) {}

  const RecordEntry& entry() const { return *entry_; }
  const span::ScopeEntry& scope_entry() const { return chunk_->scopes[entry_->scope]; }
  const span::ResourceEntry& resource_entry() const {
    return chunk_->resources[scope_entry().resource];
  }
  std::string_view message() const { return entry_->message.In(chunk_->bytes()); }
  std::string_view service_name() const {
    return resource_entry().service_name.In(chunk_->bytes());
  }
  span::ScopeView scope() const {
    return span::ScopeView(scope_entry().message.In(chunk_->bytes()));
  }
  span::ResourceView resource() const {
    return span::ResourceView(resource_entry().message.In(chunk_->bytes()));
  }
  std::string_view scope_schema_url() const { return scope_entry().schema_url.In(chunk_->bytes()); }
  std::string_view resource_schema_url() const {
    return resource_entry().schema_url.In(chunk_->bytes());
  }

 private:
  const RecordChunk* chunk_;
  const RecordEntry* entry_;
};

// A number of records of one signal on their way through the pipeline, all of one origin. Cheap to
// copy: copies share the chunks. Merging appends chunks; nothing is written anew.
template <Signal kSignal>
class RecordBatch {
 public:
  RecordBatch() = default;
  explicit RecordBatch(std::shared_ptr<const RecordChunk> chunk) { Append(std::move(chunk)); }

  // Empty chunks are left out.
  void Append(std::shared_ptr<const RecordChunk> chunk);
  // Both are of one origin, or one is empty: CHECKed.
  void Append(RecordBatch&& other);

  const SharedOrigin& origin() const { return origin_; }
  void set_origin(SharedOrigin origin) { origin_ = std::move(origin); }

  const std::vector<std::shared_ptr<const RecordChunk>>& chunks() const { return chunks_; }
  bool empty() const { return record_count_ == 0; }
  size_t record_count() const { return record_count_; }
  // Data points of all metrics, or log records.
  size_t item_count() const { return item_count_; }
  // Bytes of the records' messages: what an OTLP request of this batch costs, without framing.
  size_t byte_size() const { return byte_size_; }

 private:
  std::vector<std::shared_ptr<const RecordChunk>> chunks_;
  SharedOrigin origin_;
  size_t record_count_ = 0;
  size_t item_count_ = 0;
  size_t byte_size_ = 0;
};

using MetricBatch = RecordBatch<Signal::kMetrics>;
using LogBatch = RecordBatch<Signal::kLogs>;
extern template class RecordBatch<Signal::kMetrics>;
extern template class RecordBatch<Signal::kLogs>;

// Calls `visit(RecordRef)` for every record of the batch in order.
template <Signal kSignal, typename Visitor>
void ForEachRecord(const RecordBatch<kSignal>& batch, Visitor&& visit) {
  for (const auto& chunk : batch.chunks()) {
    for (size_t i = 0; i < chunk->records.size(); ++i) visit(RecordRef(*chunk, i));
  }
}

}  // namespace spandrel::signal
