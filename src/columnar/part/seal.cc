// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/seal.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "columnar/part/part_writer.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

class Sealer {
 public:
  Sealer(const Head& head, PartWriter& part) : head_(head), part_(part) { MapScopes(); }

  // Traces by their start are cut into row groups; in a row group they lie by id.
  Status Run() {
    const std::vector<uint32_t> order = TracesByStart();
    for (size_t first = 0; first < order.size();) {
      size_t last = first;
      for (uint64_t rows = 0; last < order.size() && rows < kGroupRows; ++last) {
        rows += head_.traces()[order[last]].row_count;
      }
      SPANDREL_RETURN_IF_ERROR(WriteGroup(std::span(order).subspan(first, last - first)));
      first = last;
    }
    return part_.Finish(head_.last_sequence(), {});
  }

 private:
  static constexpr uint32_t kNotHere = UINT32_MAX;
  // How many rows ahead memory is asked for messages, and for how much of each.
  static constexpr uint32_t kAhead = 3;
  static constexpr uint32_t kMostPrefetched = 1024;

  const span::SpanChunk& ChunkOf(const HeadRow& row) const {
    return *head_.chunks()[row.chunk].chunk;
  }
  const span::SpanEntry& EntryOf(const HeadRow& row) const { return ChunkOf(row).spans[row.span]; }

  // Gives each scope of each chunk its place in `scope_ids_`; ids are assigned as rows use them.
  void MapScopes() {
    size_t total = 0;
    for (const HeadChunk& chunk : head_.chunks()) {
      first_scope_.push_back(total);
      total += chunk.chunk->scopes.size();
    }
    scope_ids_.assign(total, HashIndex::kAbsent);
  }

  uint32_t ScopeId(const HeadRow& row) {
    const uint32_t scope = EntryOf(row).scope;
    uint32_t& id = scope_ids_[first_scope_[row.chunk] + scope];
    if (id == HashIndex::kAbsent) id = part_.dictionary().AddScope(ChunkOf(row), scope);
    return id;
  }

  std::vector<uint32_t> TracesByStart() const {
    const auto& traces = head_.traces();
    std::vector<std::tuple<uint64_t, span::TraceId, uint32_t>> keys;
    keys.reserve(traces.size());
    for (uint32_t i = 0; i < traces.size(); ++i) {
      keys.emplace_back(traces[i].min_start, traces[i].id, i);
    }
    std::sort(keys.begin(), keys.end());
    std::vector<uint32_t> order;
    order.reserve(keys.size());
    for (const auto& [start, id, trace] : keys) order.push_back(trace);
    return order;
  }

  // Spans are read in the order in which they came, which is how they lie in memory, and added at
  // the places that they have in order.
  Status WriteGroup(std::span<const uint32_t> traces) {
    std::vector<std::pair<span::TraceId, uint32_t>> by_id;
    by_id.reserve(traces.size());
    for (const uint32_t trace : traces) by_id.emplace_back(head_.traces()[trace].id, trace);
    std::sort(by_id.begin(), by_id.end());
    places_.assign(head_.row_count(), kNotHere);
    std::vector<TraceRows> arranged;
    arranged.reserve(by_id.size());
    uint32_t next = 0;
    for (size_t i = 0; i < by_id.size(); ++i) {
      if (i + kAhead < by_id.size()) PrefetchRow(head_.traces()[by_id[i + kAhead].second]);
      const HeadTrace& trace = head_.traces()[by_id[i].second];
      arranged.push_back({trace.id, next, trace.row_count});
      for (uint32_t row = trace.first_row; row != HashIndex::kAbsent;
           row = head_.rows()[row].next_of_trace) {
        places_[row] = next++;
      }
    }
    part_.rows().BeginTraces(std::move(arranged));
    AddSpans();
    part_.rows().SortTraces();
    return part_.EndGroup();
  }

  void AddSpans() {
    for (uint32_t row = 0; row < places_.size(); ++row) {
      if (row + kAhead < places_.size()) PrefetchMessage(head_.rows()[row + kAhead]);
      if (places_[row] != kNotHere) AddSpan(head_.rows()[row], places_[row]);
    }
  }

  void PrefetchRow(const HeadTrace& trace) const {
    __builtin_prefetch(&head_.rows()[trace.first_row]);
  }
  void PrefetchMessage(const HeadRow& row) const {
    constexpr uint32_t kCacheLine = 64;
    const base::ByteRange message = EntryOf(row).message;
    const char* const bytes = ChunkOf(row).bytes().data() + message.offset;
    const uint32_t size = std::min(message.size, kMostPrefetched);
    for (uint32_t at = 0; at < size; at += kCacheLine) __builtin_prefetch(bytes + at);
  }

  void AddSpan(const HeadRow& row, uint32_t place) {
    const span::SpanChunk& chunk = ChunkOf(row);
    const span::SpanEntry& entry = chunk.spans[row.span];
    part_.rows().AddSpanAt(place, entry, entry.message.In(chunk.bytes()),
                           entry.name.In(chunk.bytes()), ScopeId(row));
  }

  const Head& head_;
  PartWriter& part_;
  std::vector<size_t> first_scope_;  // of a chunk, in scope_ids_
  std::vector<uint32_t> scope_ids_;
  std::vector<uint32_t> places_;  // of each row of the head: where it lies in the row group
};

}  // namespace

Status SealHead(const Head& head, const std::string& path) {
  Result<std::unique_ptr<PartWriter>> part = PartWriter::Create(path, Effort::kFast);
  if (!part.ok()) return part.status();
  return Sealer(head, **part).Run();
}

}  // namespace spandrel::columnar
