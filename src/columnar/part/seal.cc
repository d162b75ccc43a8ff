// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/seal.h"

#include <algorithm>
#include <numeric>
#include <tuple>

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
      std::vector<uint32_t> group(order.begin() + static_cast<ptrdiff_t>(first),
                                  order.begin() + static_cast<ptrdiff_t>(last));
      SPANDREL_RETURN_IF_ERROR(WriteGroup(std::move(group)));
      first = last;
    }
    return part_.Finish(head_.last_sequence(), {});
  }

 private:
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
    std::vector<uint32_t> order(traces.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return std::tie(traces[a].min_start, traces[a].id) <
             std::tie(traces[b].min_start, traces[b].id);
    });
    return order;
  }

  // Spans are read in the order in which they came, which is how they lie in memory, and put in
  // order afterwards.
  Status WriteGroup(std::vector<uint32_t> traces) {
    std::sort(traces.begin(), traces.end(), [this](uint32_t a, uint32_t b) {
      return head_.traces()[a].id < head_.traces()[b].id;
    });
    std::vector<TraceRows> arranged;
    std::vector<uint32_t> order;  // rows of the head
    for (const uint32_t trace : traces) {
      const auto first = static_cast<uint32_t>(order.size());
      AppendRows(head_.traces()[trace], &order);
      arranged.push_back(
          {head_.traces()[trace].id, first, static_cast<uint32_t>(order.size()) - first});
    }
    std::vector<uint32_t> arrivals = order;
    std::sort(arrivals.begin(), arrivals.end());
    std::vector<uint32_t> came_as(head_.row_count());
    for (uint32_t i = 0; i < arrivals.size(); ++i) {
      AddSpan(head_.rows()[arrivals[i]]);
      came_as[arrivals[i]] = i;
    }
    for (uint32_t& row : order) row = came_as[row];
    part_.rows().Arrange(std::move(arranged), order);
    return part_.EndGroup();
  }

  // The rows of a trace by start time and span id.
  void AppendRows(const HeadTrace& trace, std::vector<uint32_t>* order) const {
    const auto first = static_cast<ptrdiff_t>(order->size());
    for (uint32_t row = trace.first_row; row != HashIndex::kAbsent;
         row = head_.rows()[row].next_of_trace) {
      order->push_back(row);
    }
    std::stable_sort(order->begin() + first, order->end(), [this](uint32_t a, uint32_t b) {
      const span::SpanEntry& x = EntryOf(head_.rows()[a]);
      const span::SpanEntry& y = EntryOf(head_.rows()[b]);
      return std::tie(x.start_time_unix_nano, x.span_id) <
             std::tie(y.start_time_unix_nano, y.span_id);
    });
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
};

}  // namespace

Status SealHead(const Head& head, const std::string& path) {
  Result<std::unique_ptr<PartWriter>> part = PartWriter::Create(path, Effort::kFast);
  if (!part.ok()) return part.status();
  return Sealer(head, **part).Run();
}

}  // namespace spandrel::columnar
