// SPDX-License-Identifier: Apache-2.0
#include "columnar/head/parked_head.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "columnar/log/logged_request.h"

namespace spandrel::columnar {
namespace {

using base::Result;

}  // namespace

ParkedHead::ParkedHead(Head& head, const std::vector<journal::LogPlace>& places)
    : first_sequence_(head.first_sequence()),
      last_sequence_(head.last_sequence()),
      row_count_(head.row_count()),
      index_(head.TakeIndex()) {
  chunks_.reserve(head.chunks().size());
  for (size_t i = 0; i < head.chunks().size(); ++i) AddChunk(head, head.chunks()[i], places[i]);
  ListTraces(head);
  KeepChecks(head);
  byte_size_ = sizeof(ParkedHead) + index_.byte_size() + chunks_.capacity() * sizeof(Chunk) +
               left_out_.capacity() * sizeof(LeftOut) +
               (first_chunk_of_.capacity() + trace_chunks_.capacity() + row_checks_.capacity() +
                trace_checks_.capacity()) *
                   sizeof(uint32_t);
}

void ParkedHead::AddChunk(const Head& head, const HeadChunk& added,
                          const journal::LogPlace& place) {
  if (files_.empty() || files_.back() != place.file) files_.push_back(place.file);
  const auto number = static_cast<uint32_t>(chunks_.size());
  const auto span_count = static_cast<uint32_t>(added.chunk->spans.size());
  chunks_.push_back({static_cast<uint32_t>(files_.size() - 1), place.size, place.offset, place.crc,
                     place.key_room, span_count, added.first_row, added.row_count, added.min_start,
                     added.max_start});
  min_start_ = std::min(min_start_, added.min_start);
  max_start_ = std::max(max_start_, added.max_start);
  uint32_t span = 0;
  for (uint32_t row = added.first_row; row < added.first_row + added.row_count; ++row, ++span) {
    for (; span < head.rows()[row].span; ++span) left_out_.push_back({number, span});
  }
  for (; span < span_count; ++span) left_out_.push_back({number, span});
}

void ParkedHead::ListTraces(const Head& head) {
  first_chunk_of_.reserve(head.traces().size() + 1);
  for (const HeadTrace& trace : head.traces()) {
    first_chunk_of_.push_back(static_cast<uint32_t>(trace_chunks_.size()));
    uint32_t last = HashIndex::kAbsent;
    for (uint32_t row = trace.first_row; row != HashIndex::kAbsent;
         row = head.rows()[row].next_of_trace) {
      const uint32_t chunk = head.rows()[row].chunk;
      if (chunk != last) trace_chunks_.push_back(chunk);
      last = chunk;
    }
  }
  first_chunk_of_.push_back(static_cast<uint32_t>(trace_chunks_.size()));
  trace_chunks_.shrink_to_fit();
}

void ParkedHead::KeepChecks(const Head& head) {
  row_checks_.reserve(head.rows().size());
  for (const HeadRow& row : head.rows()) {
    row_checks_.push_back(CheckOf(index_.ContentKey(row.content_hash)));
  }
  trace_checks_.reserve(head.traces().size());
  for (const HeadTrace& trace : head.traces()) {
    trace_checks_.push_back(CheckOf(index_.TraceKey(trace.id)));
  }
}

bool ParkedHead::Contains(const span::SpanEntry& entry, uint64_t content_hash) const {
  const uint64_t start = entry.start_time_unix_nano;
  if (start < min_start_ || start > max_start_) return false;
  const uint64_t key = index_.ContentKey(content_hash);
  const auto is_equal = [&](uint32_t row) {
    return row_checks_[row] == CheckOf(key) && IsAt(row, entry, content_hash);
  };
  return index_.contents.Find(key, is_equal) != HashIndex::kAbsent;
}

bool ParkedHead::IsAt(uint32_t row, const span::SpanEntry& entry, uint64_t content_hash) const {
  const uint32_t number = ChunkOfRow(row);
  const auto chunk = Load(number);
  if (chunk == nullptr) return false;
  const uint32_t at = row - chunks_[number].first_row;
  const bool all_here = chunks_[number].row_count == chunk->spans.size();
  const span::SpanEntry& stored = chunk->spans[all_here ? at : SpansOf(number)[at]];
  return stored.trace_id == entry.trace_id && stored.span_id == entry.span_id &&
         stored.start_time_unix_nano == entry.start_time_unix_nano &&
         ContentHashOf(*chunk, stored.scope, stored.message.In(chunk->bytes())) == content_hash;
}

std::shared_ptr<const span::SpanChunk> ParkedHead::Load(uint32_t chunk) const {
  base::MutexLock lock(mutex_);
  for (const LoadedChunk& loaded : loaded_) {
    if (loaded.number == chunk) return loaded.chunk;
  }
  auto read = Read(chunks_[chunk]);
  if (read == nullptr) {
    damaged_ = true;
    return nullptr;
  }
  loaded_[next_loaded_] = {chunk, read};
  next_loaded_ = (next_loaded_ + 1) % loaded_.size();
  return read;
}

std::vector<uint32_t> ParkedHead::SpansOf(uint32_t chunk) const {
  std::vector<uint32_t> spans;
  spans.reserve(chunks_[chunk].row_count);
  auto left_out = std::lower_bound(left_out_.begin(), left_out_.end(), LeftOut{chunk, 0});
  for (uint32_t span = 0; span < chunks_[chunk].span_count; ++span) {
    if (left_out != left_out_.end() && *left_out == LeftOut{chunk, span}) {
      ++left_out;
    } else {
      spans.push_back(span);
    }
  }
  return spans;
}

std::vector<uint32_t> ParkedHead::ChunksOf(const span::TraceId& id) const {
  const uint64_t key = index_.TraceKey(id);
  const auto begins_with = [&](uint32_t trace) {
    if (trace_checks_[trace] != CheckOf(key)) return false;
    const auto chunk = Load(trace_chunks_[first_chunk_of_[trace]]);
    return chunk != nullptr &&
           std::any_of(chunk->spans.begin(), chunk->spans.end(),
                       [&](const span::SpanEntry& entry) { return entry.trace_id == id; });
  };
  const uint32_t trace = index_.traces.Find(key, begins_with);
  if (trace == HashIndex::kAbsent) return {};
  return {trace_chunks_.begin() + first_chunk_of_[trace],
          trace_chunks_.begin() + first_chunk_of_[trace + 1]};
}

// What is left out of a request, as something that is known when its spans are added again.
class ParkedHead::LeftOutSpans final : public Head::Known {
 public:
  LeftOutSpans(const ParkedHead& head, uint32_t number, const span::SpanChunk& chunk)
      : head_(head), number_(number), chunk_(chunk) {}
  void Prefetch(uint64_t /*content_hash*/) const override {}
  bool Contains(const span::SpanEntry& entry, uint64_t /*content_hash*/) const override {
    return head_.IsLeftOut(number_, static_cast<uint32_t>(&entry - chunk_.spans.data()));
  }

 private:
  const ParkedHead& head_;
  const uint32_t number_;
  const span::SpanChunk& chunk_;
};

ParkedHead::Restored ParkedHead::Restore() const {
  Restored restored;
  const auto head = std::make_shared<Head>();
  for (uint32_t number = 0; number < chunks_.size(); ++number) {
    const auto chunk = Read(chunks_[number]);
    if (chunk == nullptr) {
      ++restored.lost_requests;
      restored.lost_bytes += chunks_[number].size;
      restored.lost_spans += chunks_[number].row_count;
      continue;
    }
    head->Add(chunk, LeftOutSpans(*this, number, *chunk));
  }
  head->NoteSequence(first_sequence_, {});
  head->NoteSequence(last_sequence_, {});
  restored.head = head;
  return restored;
}

bool ParkedHead::IsLeftOut(uint32_t chunk, uint32_t span) const {
  return std::binary_search(left_out_.begin(), left_out_.end(), LeftOut{chunk, span});
}

uint32_t ParkedHead::ChunkOfRow(uint32_t row) const {
  const auto after = std::upper_bound(chunks_.begin(), chunks_.end(), row,
                                      [](uint32_t r, const Chunk& c) { return r < c.first_row; });
  return static_cast<uint32_t>(after - chunks_.begin()) - 1;
}

// Null when it is not what was indexed.
std::shared_ptr<const span::SpanChunk> ParkedHead::Read(const Chunk& chunk) const {
  const journal::LogPlace place{files_[chunk.file], chunk.offset, chunk.size, chunk.crc,
                                chunk.key_room};
  Result<std::string> body = place.ReadChecked();
  if (body.ok()) {
    const auto request = LoggedRequest::Decode(*std::move(body));
    if (request.ok() && request->chunk->spans.size() == chunk.span_count) return request->chunk;
  }
  base::LogError("{}: request at {} cannot be read", place.file->path(), chunk.offset);
  return nullptr;
}

}  // namespace spandrel::columnar
