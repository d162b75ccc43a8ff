// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <unordered_map>
#include <utility>

#include "proto/wire_format.h"
#include "wire/otlp/chunk_entries.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_records.h"

namespace spandrel::wire {
namespace {

using proto::LengthFieldSize;

size_t ScopeSize(const span::ScopeEntry& scope) {
  return LengthFieldSize(scope.message.size) + LengthFieldSize(scope.schema_url.size) +
         LengthFieldSize(0);
}

size_t ResourceSize(const span::ResourceEntry& resource) {
  return LengthFieldSize(resource.message.size) + LengthFieldSize(resource.schema_url.size) +
         LengthFieldSize(0);
}

// A run of records of one chunk, as a chunk of its own that shares the bytes and keeps the whole
// chunk, with its reservation, alive.
template <typename Chunk>
std::shared_ptr<const Chunk> Slice(const std::shared_ptr<const Chunk>& whole, size_t begin,
                                   size_t end) {
  const auto& entries = EntriesOf(*whole);
  if (begin == 0 && end == entries.size()) return whole;
  auto slice = std::make_shared<Chunk>();
  slice->buffer = base::SharedBytes(whole, whole->buffer.get());
  EntriesOf(*slice).assign(entries.begin() + static_cast<ptrdiff_t>(begin),
                           entries.begin() + static_cast<ptrdiff_t>(end));
  std::unordered_map<uint32_t, uint32_t> resources;
  std::unordered_map<uint32_t, uint32_t> scopes;
  for (auto& record : EntriesOf(*slice)) {
    const auto [scope, new_scope] = scopes.try_emplace(record.scope, slice->scopes.size());
    if (new_scope) {
      span::ScopeEntry entry = whole->scopes[record.scope];
      const auto [resource, new_resource] =
          resources.try_emplace(entry.resource, slice->resources.size());
      if (new_resource) slice->resources.push_back(whole->resources[entry.resource]);
      entry.resource = resource->second;
      slice->scopes.push_back(entry);
    }
    record.scope = scope->second;
  }
  return slice;
}

// Fills batches one after the other.
template <typename Batch, typename Chunk>
class Splitter {
 public:
  Splitter(const Batch& batch, size_t max_items, size_t max_bytes)
      : batch_(batch),
        max_items_(max_items == 0 ? std::numeric_limits<size_t>::max() : max_items),
        max_bytes_(max_bytes == 0 ? std::numeric_limits<size_t>::max() : max_bytes) {}

  std::vector<Batch> Split() {
    for (const auto& chunk : batch_.chunks()) AddChunk(chunk);
    if (!current_.empty()) Finish();
    return std::move(done_);
  }

 private:
  void AddChunk(const std::shared_ptr<const Chunk>& chunk) {
    const auto& entries = EntriesOf(*chunk);
    size_t chunk_items = 0;
    for (const auto& entry : entries) chunk_items += ItemsOf(entry);
    if (chunk->whole && Fits(chunk_items, chunk->bytes().size())) {
      items_ += chunk_items;
      bytes_ += chunk->bytes().size();
      has_records_ = true;
      current_.Append(chunk);
      return;
    }
    const span::ScopeEntry* scope = nullptr;
    size_t begin = 0;
    for (size_t i = 0; i < entries.size(); ++i) {
      const size_t items = ItemsOf(entries[i]);
      size_t cost = CostAfter(*chunk, scope, i);
      if (!Fits(items, cost) && has_records_) {
        if (i > begin) current_.Append(Slice(chunk, begin, i));
        Finish();
        begin = i;
        cost = CostAfter(*chunk, nullptr, i);
      }
      scope = &chunk->scopes[entries[i].scope];
      items_ += items;
      bytes_ += cost;
      has_records_ = true;
    }
    current_.Append(Slice(chunk, begin, entries.size()));
  }

  bool Fits(size_t items, size_t bytes) const {
    return items <= max_items_ && items_ <= max_items_ - items && bytes <= max_bytes_ &&
           bytes_ <= max_bytes_ - bytes;
  }

  // What the record costs in the request when the one before it was of `scope`, if any.
  static size_t CostAfter(const Chunk& chunk, const span::ScopeEntry* scope, size_t index) {
    const auto& record = EntriesOf(chunk)[index];
    const span::ScopeEntry& own = chunk.scopes[record.scope];
    size_t cost = LengthFieldSize(record.message.size);
    if (scope != &own) cost += ScopeSize(own);
    if (scope == nullptr || scope->resource != own.resource) {
      cost += ResourceSize(chunk.resources[own.resource]);
    }
    return cost;
  }

  void Finish() {
    current_.set_origin(batch_.origin());
    done_.push_back(std::exchange(current_, Batch()));
    items_ = 0;
    bytes_ = 0;
    has_records_ = false;
  }

  const Batch& batch_;
  const size_t max_items_;
  const size_t max_bytes_;
  std::vector<Batch> done_;
  Batch current_;
  bool has_records_ = false;  // in current_, or counted for it
  size_t items_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

std::vector<span::SpanBatch> SplitBatch(span::SpanBatch&& batch, size_t max_spans,
                                        size_t max_bytes) {
  return Splitter<span::SpanBatch, span::SpanChunk>(batch, max_spans, max_bytes).Split();
}
std::vector<signal::MetricBatch> SplitBatch(signal::MetricBatch&& batch, size_t max_points,
                                            size_t max_bytes) {
  return Splitter<signal::MetricBatch, signal::RecordChunk>(batch, max_points, max_bytes).Split();
}
std::vector<signal::LogBatch> SplitBatch(signal::LogBatch&& batch, size_t max_records,
                                         size_t max_bytes) {
  return Splitter<signal::LogBatch, signal::RecordChunk>(batch, max_records, max_bytes).Split();
}

}  // namespace spandrel::wire
