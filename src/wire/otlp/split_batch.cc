// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <unordered_map>

#include "wire/otlp/otlp.h"
#include "wire/proto_writer.h"

namespace spandrel::wire {
namespace {

using span::SpanBatch;
using span::SpanChunk;

// A length-delimited field with a one-byte key.
size_t FieldSize(size_t bytes) {
  return 1 + VarintSize(bytes) + bytes;
}

size_t ScopeSize(const span::ScopeEntry& scope) {
  return FieldSize(scope.message.size) + FieldSize(scope.schema_url.size) + FieldSize(0);
}

size_t ResourceSize(const span::ResourceEntry& resource) {
  return FieldSize(resource.message.size) + FieldSize(resource.schema_url.size) + FieldSize(0);
}

// A run of spans of one chunk, as a chunk of its own that shares the bytes and keeps the whole
// chunk, with its reservation, alive.
std::shared_ptr<const SpanChunk> Slice(const std::shared_ptr<const SpanChunk>& whole, size_t begin,
                                       size_t end) {
  if (begin == 0 && end == whole->spans.size()) return whole;
  auto slice = std::make_shared<SpanChunk>();
  slice->buffer = base::SharedBytes(whole, whole->buffer.get());
  slice->spans.assign(whole->spans.begin() + static_cast<ptrdiff_t>(begin),
                      whole->spans.begin() + static_cast<ptrdiff_t>(end));
  std::unordered_map<uint32_t, uint32_t> resources;
  std::unordered_map<uint32_t, uint32_t> scopes;
  for (span::SpanEntry& span : slice->spans) {
    const auto [scope, new_scope] = scopes.try_emplace(span.scope, slice->scopes.size());
    if (new_scope) {
      span::ScopeEntry entry = whole->scopes[span.scope];
      const auto [resource, new_resource] =
          resources.try_emplace(entry.resource, slice->resources.size());
      if (new_resource) slice->resources.push_back(whole->resources[entry.resource]);
      entry.resource = resource->second;
      slice->scopes.push_back(entry);
    }
    span.scope = scope->second;
  }
  return slice;
}

// Fills batches one after the other.
class Splitter {
 public:
  Splitter(size_t max_spans, size_t max_bytes)
      : max_spans_(max_spans == 0 ? std::numeric_limits<size_t>::max() : max_spans),
        max_bytes_(max_bytes == 0 ? std::numeric_limits<size_t>::max() : max_bytes) {}

  void AddChunk(const std::shared_ptr<const SpanChunk>& chunk) {
    if (chunk->whole && Fits(chunk->spans.size(), chunk->bytes().size())) {
      spans_ += chunk->spans.size();
      bytes_ += chunk->bytes().size();
      current_.Append(chunk);
      return;
    }
    const span::ScopeEntry* scope = nullptr;
    size_t begin = 0;
    for (size_t i = 0; i < chunk->spans.size(); ++i) {
      size_t cost = CostAfter(*chunk, scope, i);
      if (!Fits(1, cost) && spans_ > 0) {
        if (i > begin) current_.Append(Slice(chunk, begin, i));
        Finish();
        begin = i;
        cost = CostAfter(*chunk, nullptr, i);
      }
      scope = &chunk->scopes[chunk->spans[i].scope];
      spans_ += 1;
      bytes_ += cost;
    }
    current_.Append(Slice(chunk, begin, chunk->spans.size()));
  }

  std::vector<SpanBatch> Take() {
    if (!current_.empty()) Finish();
    return std::move(done_);
  }

 private:
  bool Fits(size_t spans, size_t bytes) const {
    return spans <= max_spans_ && spans_ <= max_spans_ - spans && bytes <= max_bytes_ &&
           bytes_ <= max_bytes_ - bytes;
  }

  // What the span costs in the request when the one before it was of `scope`, if any.
  static size_t CostAfter(const SpanChunk& chunk, const span::ScopeEntry* scope, size_t index) {
    const span::SpanEntry& span = chunk.spans[index];
    const span::ScopeEntry& own = chunk.scopes[span.scope];
    size_t cost = FieldSize(span.message.size);
    if (scope != &own) cost += ScopeSize(own);
    if (scope == nullptr || scope->resource != own.resource) {
      cost += ResourceSize(chunk.resources[own.resource]);
    }
    return cost;
  }

  void Finish() {
    done_.push_back(std::exchange(current_, SpanBatch()));
    spans_ = 0;
    bytes_ = 0;
  }

  const size_t max_spans_;
  const size_t max_bytes_;
  std::vector<SpanBatch> done_;
  SpanBatch current_;
  size_t spans_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

std::vector<SpanBatch> SplitBatch(SpanBatch&& batch, size_t max_spans, size_t max_bytes) {
  Splitter splitter(max_spans, max_bytes);
  for (const auto& chunk : batch.chunks()) splitter.AddChunk(chunk);
  return splitter.Take();
}

}  // namespace spandrel::wire
