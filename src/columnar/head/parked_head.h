// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "columnar/head/head.h"
#include "journal/log_file_bytes.h"

namespace spandrel::columnar {

// A full head whose requests are in the log only: recovery parks the heads that it fills until they
// are sealed. It keeps the index, about 17 bytes a span; a request is copied and decoded again, and
// its checksum compared, when somebody reads it. Any thread.
class ParkedHead {
 public:
  struct Chunk {
    uint32_t file = 0;  // in files_
    uint32_t size = 0;  // of the record's body
    uint64_t offset = 0;
    uint32_t crc = 0;
    uint32_t key_room = 0;
    uint32_t span_count = 0;  // of the request; some may be left out of the head
    uint32_t first_row = 0;
    uint32_t row_count = 0;
    uint64_t min_start = UINT64_MAX;
    uint64_t max_start = 0;
  };

  // `places` says where the log has the head's chunks. The head is of no use afterwards.
  ParkedHead(Head& head, const std::vector<journal::LogPlace>& places);

  uint64_t first_sequence() const { return first_sequence_; }
  uint64_t last_sequence() const { return last_sequence_; }
  size_t row_count() const { return row_count_; }
  // In memory.
  uint64_t byte_size() const { return byte_size_; }
  const std::vector<Chunk>& chunks() const { return chunks_; }

  // True once a request could not be read. Restore() tells what is lost.
  bool damaged() const { return damaged_; }

  // False when no span of it starts between these.
  bool Overlaps(uint64_t min_start, uint64_t max_start) const {
    return max_start_ >= min_start && min_start_ <= max_start;
  }
  bool Contains(const span::SpanEntry& entry, uint64_t content_hash) const;
  void PrefetchContent(uint64_t content_hash) const {
    index_.contents.Prefetch(index_.ContentKey(content_hash));
  }

  // A request; null when it cannot be read.
  std::shared_ptr<const span::SpanChunk> Load(uint32_t chunk) const;
  // Which of a request's spans are in the head.
  std::vector<uint32_t> SpansOf(uint32_t chunk) const;
  // The chunks that have spans of a trace, which may turn out to be another one.
  std::vector<uint32_t> ChunksOf(const span::TraceId& id) const;
  uint32_t ChunkOfRow(uint32_t row) const;

  // The head in memory again.
  struct Restored {
    std::shared_ptr<const Head> head;
    uint64_t lost_requests = 0;
    uint64_t lost_bytes = 0;
    uint64_t lost_spans = 0;
  };
  Restored Restore() const;

  // True for the first caller: what Restore() found lost is counted once.
  bool ClaimLosses() const { return !losses_claimed_.exchange(true); }

 private:
  class LeftOutSpans;
  struct LeftOut {
    uint32_t chunk = 0;
    uint32_t span = 0;
    friend auto operator<=>(const LeftOut&, const LeftOut&) = default;
  };
  struct LoadedChunk {
    uint32_t number = UINT32_MAX;
    std::shared_ptr<const span::SpanChunk> chunk;
  };

  void AddChunk(const Head& head, const HeadChunk& added, const journal::LogPlace& place);
  void ListTraces(const Head& head);
  void KeepChecks(const Head& head);
  // Bits of a key that its index does not keep, so that few requests are read in vain.
  static uint32_t CheckOf(uint64_t key) { return static_cast<uint32_t>(key >> 24); }
  bool IsLeftOut(uint32_t chunk, uint32_t span) const;
  bool IsAt(uint32_t row, const span::SpanEntry& entry, uint64_t content_hash) const;
  std::shared_ptr<const span::SpanChunk> Read(const Chunk& chunk) const;

  uint64_t first_sequence_ = 0;
  uint64_t last_sequence_ = 0;
  size_t row_count_ = 0;
  uint64_t byte_size_ = 0;
  uint64_t min_start_ = UINT64_MAX;
  uint64_t max_start_ = 0;
  std::vector<journal::LogFileBytesPtr> files_;
  std::vector<Chunk> chunks_;
  std::vector<LeftOut> left_out_;     // ascending
  HeadIndex index_;                   // of traces and rows
  std::vector<uint32_t> row_checks_;  // CheckOf the key of each row; and of each trace
  std::vector<uint32_t> trace_checks_;
  std::vector<uint32_t> first_chunk_of_;  // by trace, in trace_chunks_; one more than traces
  std::vector<uint32_t> trace_chunks_;
  mutable std::atomic<bool> damaged_{false};
  mutable std::atomic<bool> losses_claimed_{false};

  // Decoded last, since whoever asks for one span of a request asks for more of them.
  mutable base::Mutex mutex_;
  mutable std::array<LoadedChunk, 4> loaded_ SPANDREL_GUARDED_BY(mutex_);
  mutable size_t next_loaded_ SPANDREL_GUARDED_BY(mutex_) = 0;
};

using ParkedHeadPtr = std::shared_ptr<const ParkedHead>;

}  // namespace spandrel::columnar
