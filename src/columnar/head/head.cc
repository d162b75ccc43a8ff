// SPDX-License-Identifier: Apache-2.0
#include "columnar/head/head.h"

// Inlined: the texts that are hashed are short.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <random>

namespace spandrel::columnar {
namespace {

// Spans whose places in the tables are asked for before they are looked at.
constexpr uint32_t kAhead = 8;

uint64_t RandomSeed() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

// What a chunk occupies beside its buffer.
size_t IndexBytes(const span::SpanChunk& chunk) {
  return sizeof(span::SpanChunk) + sizeof(HeadChunk) +
         chunk.spans.capacity() * sizeof(span::SpanEntry) +
         chunk.scopes.capacity() * sizeof(span::ScopeEntry) +
         chunk.resources.capacity() * sizeof(span::ResourceEntry);
}

}  // namespace

Head::Head() : index_(RandomSeed()) {}

size_t Head::Add(const std::shared_ptr<const span::SpanChunk>& chunk, const Known& known) {
  const ContentHasher hasher(*chunk);
  std::vector<uint64_t> hashes;
  hashes.reserve(chunk->spans.size());
  for (const span::SpanEntry& entry : chunk->spans) hashes.push_back(hasher.Of(entry));
  const std::vector<bool> found = known.FindAll(chunk->spans, hashes);
  HeadChunk added{chunk, static_cast<uint32_t>(rows_.size())};
  size_t left_out = 0;
  base::WriterLock lock(mutex_);
  chunks_.push_back(added);
  HeadRow row;
  row.chunk = static_cast<uint32_t>(chunks_.size() - 1);
  for (row.span = 0; row.span < chunk->spans.size(); ++row.span) {
    if (row.span + kAhead < hashes.size()) {
      PrefetchContent(hashes[row.span + kAhead]);
      known.Prefetch(hashes[row.span + kAhead]);
    }
    const span::SpanEntry& entry = chunk->spans[row.span];
    row.content_hash = hashes[row.span];
    if ((!found.empty() && found[row.span]) || ContainsLocked(entry, row.content_hash) ||
        known.Contains(entry, row.content_hash)) {
      ++left_out;
      continue;
    }
    AddRow(entry, row);
    added.min_start = std::min(added.min_start, entry.start_time_unix_nano);
    added.max_start = std::max(added.max_start, entry.start_time_unix_nano);
  }
  added.row_count = static_cast<uint32_t>(rows_.size()) - added.first_row;
  if (added.row_count == 0) {
    chunks_.pop_back();
    return left_out;
  }
  min_start_ = std::min(min_start_, added.min_start);
  max_start_ = std::max(max_start_, added.max_start);
  chunks_.back() = std::move(added);
  buffer_bytes_ += chunk->bytes().size() + IndexBytes(*chunk);
  return left_out;
}

void Head::NoteSequence(uint64_t sequence, std::chrono::steady_clock::time_point now) {
  if (last_sequence_ == 0) {
    opened_at_ = now;
    first_sequence_ = sequence;
  }
  last_sequence_ = sequence;
}

HeadBytes Head::bytes() const {
  const uint64_t index =
      rows_.size() * sizeof(HeadRow) + traces_.size() * sizeof(HeadTrace) + index_.byte_size();
  return {buffer_bytes_ + index, index};
}

uint64_t HeadIndex::TraceKey(const span::TraceId& id) const {
  return XXH3_64bits_withSeed(id.bytes.data(), id.bytes.size(), seed);
}

bool Head::ContainsLocked(const span::SpanEntry& entry, uint64_t content_hash) const {
  const auto is_equal = [&](uint32_t row) {
    if (rows_[row].content_hash != content_hash) return false;
    const span::SpanEntry& other = EntryOf(rows_[row]);
    return other.trace_id == entry.trace_id && other.span_id == entry.span_id &&
           other.start_time_unix_nano == entry.start_time_unix_nano;
  };
  return index_.contents.Find(index_.ContentKey(content_hash), is_equal) != HashIndex::kAbsent;
}

void Head::AddRow(const span::SpanEntry& entry, const HeadRow& row) {
  const auto position = static_cast<uint32_t>(rows_.size());
  rows_.push_back(row);
  index_.contents.Insert(index_.ContentKey(row.content_hash),
                         [this](uint32_t at) { return index_.ContentKey(rows_[at].content_hash); });
  AddToTrace(entry, position);
}

void Head::AddToTrace(const span::SpanEntry& entry, uint32_t row) {
  const uint64_t hash = index_.TraceKey(entry.trace_id);
  uint32_t at =
      index_.traces.Find(hash, [&](uint32_t t) { return traces_[t].id == entry.trace_id; });
  if (at == HashIndex::kAbsent) {
    at = static_cast<uint32_t>(traces_.size());
    traces_.push_back({entry.trace_id, row, row});
    index_.traces.Insert(hash, [this](uint32_t t) { return index_.TraceKey(traces_[t].id); });
  } else {
    rows_[traces_[at].last_row].next_of_trace = row;
  }
  rows_[row].trace = at;
  HeadTrace& trace = traces_[at];
  trace.last_row = row;
  ++trace.row_count;
  trace.error_count += entry.status == span::SpanStatus::kError ? 1 : 0;
  trace.min_start = std::min(trace.min_start, entry.start_time_unix_nano);
  trace.max_end = std::max(trace.max_end, entry.end_time_unix_nano);
}

}  // namespace spandrel::columnar
