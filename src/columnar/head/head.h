// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/shared_mutex.h"
#include "columnar/hash/content_hash.h"
#include "columnar/hash/hash_index.h"
#include "columnar/head/head_memory.h"
#include "span/span_view.h"

namespace spandrel::columnar {

// A span in a head: which chunk it came with and where it stands there.
struct HeadRow {
  uint32_t chunk = 0;
  uint32_t span = 0;
  uint32_t trace = 0;
  uint32_t next_of_trace = HashIndex::kAbsent;  // row
  uint64_t content_hash = 0;
};

// A trace in a head: a chain of its rows, in order of arrival.
struct HeadTrace {
  span::TraceId id;
  uint32_t first_row = 0;
  uint32_t last_row = 0;
  uint32_t row_count = 0;
  uint32_t error_count = 0;
  uint64_t min_start = UINT64_MAX;
  uint64_t max_end = 0;
};

// A chunk and the rows that came from it: all of its spans but those that were there already.
struct HeadChunk {
  std::shared_ptr<const span::SpanChunk> chunk;  // null in a view of a parked head
  uint32_t first_row = 0;
  uint32_t row_count = 0;
  uint64_t min_start = UINT64_MAX;
  uint64_t max_start = 0;
};

// The index of a head. Its hashes are keyed, since senders choose ids and contents: they may look
// for such that fall together.
struct HeadIndex {
  explicit HeadIndex(uint64_t seed) : seed(seed) {}

  uint64_t TraceKey(const span::TraceId& id) const;
  uint64_t ContentKey(uint64_t content_hash) const {
    const uint64_t key = (content_hash ^ seed) * 0x9e3779b97f4a7c15;
    return key ^ key >> 32;
  }
  size_t byte_size() const { return traces.byte_size() + contents.byte_size(); }

  uint64_t seed;
  HashIndex traces;    // trace id -> trace
  HashIndex contents;  // content hash -> row
};

// The spans that are not in a part yet, as they came: the received buffers and an index of rows and
// traces. One thread adds; any thread reads, at any time, what was there when it took a HeadView.
class Head {
 public:
  Head();

  // What is stored elsewhere already, in an older head or a part.
  class Known {
   public:
    virtual ~Known() = default;
    // Says that a span with this hash will be asked about.
    virtual void Prefetch(uint64_t content_hash) const = 0;
    virtual bool Contains(const span::SpanEntry& entry, uint64_t content_hash) const = 0;
    // Which of all spans of a chunk are where it is dear to look: asked once, before the others.
    // Empty: none.
    virtual std::vector<bool> FindAll(const std::vector<span::SpanEntry>& /*spans*/,
                                      const std::vector<uint64_t>& /*content_hashes*/) const {
      return {};
    }
  };

  // Adds the spans that are new; `known` is asked about each. The number of those left out.
  size_t Add(const std::shared_ptr<const span::SpanChunk>& chunk, const Known& known);
  // What was added came from the log record `sequence`; the first one opens the head. May be told
  // the first and the last one only.
  void NoteSequence(uint64_t sequence, std::chrono::steady_clock::time_point now);

  // Of the adding thread, or of anyone once nothing is added any more.
  uint64_t first_sequence() const { return first_sequence_; }
  uint64_t last_sequence() const { return last_sequence_; }
  uint64_t byte_size() const { return bytes().all; }
  HeadBytes bytes() const;
  size_t row_count() const { return rows_.size(); }
  std::chrono::steady_clock::time_point opened_at() const { return opened_at_; }
  const std::vector<HeadRow>& rows() const { return rows_; }
  const std::vector<HeadTrace>& traces() const { return traces_; }
  const std::vector<HeadChunk>& chunks() const { return chunks_; }

  // Of a head to which nothing is added any more. Any thread.
  bool Overlaps(uint64_t min_start, uint64_t max_start) const {
    return max_start_ >= min_start && min_start_ <= max_start;
  }
  bool Contains(const span::SpanEntry& entry, uint64_t content_hash) const {
    const uint64_t start = entry.start_time_unix_nano;
    return Overlaps(start, start) && ContainsLocked(entry, content_hash);
  }
  void PrefetchContent(uint64_t content_hash) const {
    index_.contents.Prefetch(index_.ContentKey(content_hash));
  }
  // Of a head that is given up.
  HeadIndex TakeIndex() { return std::move(index_); }

 private:
  friend class HeadView;
  bool ContainsLocked(const span::SpanEntry& entry, uint64_t content_hash) const;
  void AddRow(const span::SpanEntry& entry, const HeadRow& row);
  void AddToTrace(const span::SpanEntry& entry, uint32_t row);
  const span::SpanEntry& EntryOf(const HeadRow& row) const {
    return chunks_[row.chunk].chunk->spans[row.span];
  }

  std::chrono::steady_clock::time_point opened_at_;
  uint64_t first_sequence_ = 0;
  uint64_t last_sequence_ = 0;
  uint64_t min_start_ = UINT64_MAX;
  uint64_t max_start_ = 0;
  uint64_t buffer_bytes_ = 0;

  // Guards what is below: held shared by readers on other threads, exclusively while a chunk is
  // added. The adding thread reads without it, so the members cannot say SPANDREL_GUARDED_BY.
  mutable base::SharedMutex mutex_;
  std::vector<HeadChunk> chunks_;
  std::vector<HeadRow> rows_;
  std::vector<HeadTrace> traces_;
  HeadIndex index_;  // of traces_ and rows_
};

}  // namespace spandrel::columnar
