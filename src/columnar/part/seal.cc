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

  // Spans are read in the order in which they came, which is how they lie in memory, and put in
  // order afterwards.
  Status WriteGroup(std::span<const uint32_t> traces) {
    std::vector<std::pair<span::TraceId, uint32_t>> by_id;
    by_id.reserve(traces.size());
    for (const uint32_t trace : traces) by_id.emplace_back(head_.traces()[trace].id, trace);
    std::sort(by_id.begin(), by_id.end());
    std::vector<TraceRows> arranged;
    std::vector<uint32_t> order;  // rows of the head
    arranged.reserve(by_id.size());
    for (const auto& [id, trace] : by_id) {
      const auto first = static_cast<uint32_t>(order.size());
      AppendRows(head_.traces()[trace], &order);
      arranged.push_back({id, first, static_cast<uint32_t>(order.size()) - first});
    }
    AddSpans(order);
    for (uint32_t& row : order) row = came_as_[row];
    part_.rows().Arrange(std::move(arranged), order);
    return part_.EndGroup();
  }

  // The rows of a trace by start time and span id.
  void AppendRows(const HeadTrace& trace, std::vector<uint32_t>* order) {
    by_start_.clear();
    for (uint32_t row = trace.first_row; row != HashIndex::kAbsent;
         row = head_.rows()[row].next_of_trace) {
      const span::SpanEntry& entry = EntryOf(head_.rows()[row]);
      by_start_.emplace_back(entry.start_time_unix_nano, entry.span_id, row);
    }
    std::sort(by_start_.begin(), by_start_.end());
    for (const auto& [start, id, row] : by_start_) order->push_back(row);
  }

  // Adds these rows in the order in which they came, and notes the place of each in it.
  void AddSpans(const std::vector<uint32_t>& rows) {
    came_as_.assign(head_.row_count(), kNotHere);
    for (const uint32_t row : rows) came_as_[row] = 0;
    uint32_t next = 0;
    for (uint32_t row = 0; row < came_as_.size(); ++row) {
      if (came_as_[row] == kNotHere) continue;
      came_as_[row] = next++;
      AddSpan(head_.rows()[row]);
    }
  }

  void AddSpan(const HeadRow& row) {
    const span::SpanChunk& chunk = ChunkOf(row);
    const span::SpanEntry& entry = chunk.spans[row.span];
    part_.rows().AddSpan(entry, entry.message.In(chunk.bytes()), entry.name.In(chunk.bytes()),
                         ScopeId(row));
  }

  const Head& head_;
  PartWriter& part_;
  std::vector<size_t> first_scope_;  // of a chunk, in scope_ids_
  std::vector<uint32_t> scope_ids_;
  std::vector<uint32_t> came_as_;  // of each row of the head: its place among the group's arrivals
  std::vector<std::tuple<uint64_t, span::SpanId, uint32_t>> by_start_;  // rows of a trace
};

}  // namespace

Status SealHead(const Head& head, const std::string& path) {
  Result<std::unique_ptr<PartWriter>> part = PartWriter::Create(path, Effort::kFast);
  if (!part.ok()) return part.status();
  return Sealer(head, **part).Run();
}

}  // namespace spandrel::columnar
