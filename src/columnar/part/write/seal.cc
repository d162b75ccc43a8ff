// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/write/seal.h"

#include <algorithm>
#include <array>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "base/prefetch.h"
#include "columnar/part/write/part_writer.h"

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
  // How many rows are between two steps of asking the memory, and for how much of a message.
  static constexpr size_t kAhead = 2;
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
    next_places_.assign(head_.traces().size(), kNotHere);
    std::vector<TraceRows> arranged;
    arranged.reserve(by_id.size());
    uint32_t next = 0;
    for (const auto& [id, trace] : by_id) {
      const uint32_t row_count = head_.traces()[trace].row_count;
      arranged.push_back({id, next, row_count});
      next_places_[trace] = next;
      next += row_count;
    }
    part_.rows().BeginTraces(std::move(arranged));
    AddSpans();
    part_.rows().SortTraces();
    return part_.EndGroup();
  }

  void AddSpans() {
    const std::vector<HeadRow>& rows = head_.rows();
    for (size_t i = 0; i < rows.size(); ++i) {
      PrefetchBehind(i);
      uint32_t& place = next_places_[rows[i].trace];
      if (place != kNotHere) AddSpan(rows[i], place++);
    }
  }

  // Memory is asked for what rows behind `row` need, in steps: each says where the next one looks.
  void PrefetchBehind(size_t row) {
    const std::vector<HeadRow>& rows = head_.rows();
    if (row + 3 * kAhead < rows.size()) PrefetchMessage(rows[row + 3 * kAhead]);
    if (row + 2 * kAhead < rows.size()) {
      const HeadRow& next = rows[row + 2 * kAhead];
      const span::SpanEntry& entry = EntryOf(next);
      expected_[(row + 2 * kAhead) % expected_.size()] =
          part_.rows().Expect(entry, entry.name.In(ChunkOf(next).bytes()), ScopeId(next));
    }
    if (row + kAhead < rows.size()) {
      part_.rows().Prefetch(expected_[(row + kAhead) % expected_.size()],
                            next_places_[rows[row + kAhead].trace]);
    }
  }
  void PrefetchMessage(const HeadRow& row) const {
    const base::ByteRange message = EntryOf(row).message;
    base::Prefetch(ChunkOf(row).bytes().data() + message.offset,
                   std::min(message.size, kMostPrefetched));
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
  std::array<RowGroupBuilder::Expectation, 2 * kAhead> expected_;  // of rows to come
  std::vector<uint32_t> next_places_;  // of each trace: where its next span lies in the row group
};

}  // namespace

Status SealHead(const Head& head, const std::string& path) {
  Result<std::unique_ptr<PartWriter>> part = PartWriter::Create(path, Effort::kFast);
  if (!part.ok()) return part.status();
  return Sealer(head, **part).Run();
}

}  // namespace spandrel::columnar
