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

constexpr size_t kPrefetchedSpans = 16;

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

  Status WriteGroup(std::vector<uint32_t> traces) {
    std::sort(traces.begin(), traces.end(), [this](uint32_t a, uint32_t b) {
      return head_.traces()[a].id < head_.traces()[b].id;
    });
    for (size_t i = 0; i < traces.size(); ++i) {
      if (i + 1 < traces.size()) Prefetch(head_.traces()[traces[i + 1]]);
      SPANDREL_RETURN_IF_ERROR(WriteTrace(head_.traces()[traces[i]]));
    }
    return part_.EndGroup();
  }

  // In the order of trace ids every span lies somewhere else in memory, so the next trace's are
  // asked for while this one's are written.
  void Prefetch(const HeadTrace& trace) const {
    uint32_t row = trace.first_row;
    for (size_t i = 0; i < kPrefetchedSpans && row != HashIndex::kAbsent; ++i) {
      const HeadRow& at = head_.rows()[row];
      const span::SpanEntry& entry = EntryOf(at);
      const char* const message = ChunkOf(at).bytes().data() + entry.message.offset;
      for (uint32_t line = 0; line < entry.message.size; line += 64) {
        __builtin_prefetch(message + line);
      }
      row = at.next_of_trace;
    }
  }

  Status WriteTrace(const HeadTrace& trace) {
    rows_.clear();
    for (uint32_t row = trace.first_row; row != HashIndex::kAbsent;
         row = head_.rows()[row].next_of_trace) {
      rows_.push_back(&head_.rows()[row]);
    }
    std::stable_sort(rows_.begin(), rows_.end(), [this](const HeadRow* a, const HeadRow* b) {
      const span::SpanEntry& x = EntryOf(*a);
      const span::SpanEntry& y = EntryOf(*b);
      return std::tie(x.start_time_unix_nano, x.span_id) <
             std::tie(y.start_time_unix_nano, y.span_id);
    });
    if (part_.IsGroupFull()) SPANDREL_RETURN_IF_ERROR(part_.EndGroup());
    part_.rows().BeginTrace(trace.id);
    for (const HeadRow* row : rows_) {
      if (part_.IsGroupFull()) {
        SPANDREL_RETURN_IF_ERROR(part_.EndGroup());
        part_.rows().BeginTrace(trace.id);
      }
      const span::SpanChunk& chunk = ChunkOf(*row);
      const span::SpanEntry& entry = chunk.spans[row->span];
      part_.rows().AddSpan(entry, entry.message.In(chunk.bytes()), entry.name.In(chunk.bytes()),
                           ScopeId(*row));
    }
    return {};
  }

  const Head& head_;
  PartWriter& part_;
  std::vector<size_t> first_scope_;  // of a chunk, in scope_ids_
  std::vector<uint32_t> scope_ids_;
  std::vector<const HeadRow*> rows_;
};

}  // namespace

Status SealHead(const Head& head, const std::string& path) {
  Result<std::unique_ptr<PartWriter>> part = PartWriter::Create(path, Effort::kFast);
  if (!part.ok()) return part.status();
  return Sealer(head, **part).Run();
}

}  // namespace spandrel::columnar
