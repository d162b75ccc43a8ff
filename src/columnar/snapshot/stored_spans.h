// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "columnar/head/head.h"
#include "columnar/head/head_memory.h"
#include "columnar/head/head_view.h"
#include "columnar/head/parked_head.h"
#include "columnar/log/log_damage.h"
#include "columnar/options/options.h"
#include "columnar/part/read/part.h"
#include "columnar/snapshot/snapshot.h"

namespace spandrel::columnar {

using HeadPtr = std::shared_ptr<const Head>;

// A head to which nothing is added any more, in memory or parked.
struct FullHead {
  HeadPtr head;  // or
  ParkedHeadPtr parked;

  bool empty() const { return head == nullptr && parked == nullptr; }
  uint64_t first_sequence() const;
  uint64_t last_sequence() const;
  HeadBytes bytes() const;
  size_t row_count() const;
  HeadView View() const;
};

// Everything that can be read: the head that is being filled, full heads on their way to disk, and
// the parts. Each span is in exactly one of them at every moment, and a span that was sent twice is
// kept once. Any thread.
class StoredSpans {
 public:
  // `on_first` is called when something comes into an empty head, `on_full` when a head is full.
  struct Events {
    std::function<void()> on_first;
    std::function<void()> on_full;
  };
  // `memory` counts these heads; several may share it.
  StoredSpans(const EngineOptions& options, base::MetricRegistry& metrics, Events events,
              HeadMemory& memory);
  // Takes its heads out of `memory`.
  ~StoredSpans();

  // Makes a batch readable. Calls come in order of sequence.
  void Add(const span::SpanBatch& batch, uint64_t sequence);

  // For recovery, before anything else is added: the same with one request that lies in the log.
  // Heads that are full are parked; EndRecovery parks the last one, so that all are sealed soon.
  void AddRecovered(const std::shared_ptr<const span::SpanChunk>& chunk,
                    const journal::LogPlace& place, uint64_t sequence);
  void EndRecovery();

  Snapshot TakeSnapshot() const;

  // A full head as it can be sealed. What a parked one has lost is counted.
  HeadPtr InMemory(const FullHead& full);
  // Brings the parked heads that turned out to be damaged back into memory, without what is lost.
  void RestoreDamaged();

  // Closes the head that is being filled when it is old enough, or in any case if `now_if_any`.
  // When it holds no row, only its sequence is given back: up to there nothing is left to be
  // sealed.
  struct Rotation {
    uint64_t nothing_below = 0;
    std::optional<std::chrono::milliseconds> due_in;  // when the open head will be old enough
  };
  Rotation CloseHead(bool now_if_any);

  // The oldest full head; empty when there is none.
  FullHead OldestFullHead() const;

  // The first log record that is in a head and not in a part, once the full head that ends with
  // `sealed` is in one too (0: as it is now); nothing when there is none.
  std::optional<uint64_t> OldestUnsealed(uint64_t sealed = 0) const;

  // Readers see `parts` from now on, and no longer the full head that ends with the log record
  // `sealed` (0: no head), in one step.
  void Install(const std::vector<PartPtr>& parts, uint64_t sealed = 0);

  // Bytes of all heads, about.
  uint64_t head_bytes() const { return full_bytes_ + open_bytes_; }
  uint64_t head_spans() const { return full_spans_ + open_spans_; }
  // Of parked heads, whose requests could not be read from the log again.
  uint64_t lost_spans() const { return lost_spans_; }

 private:
  // What spans may be known from, beside the open head.
  struct KnownSpans final : Head::Known {
    void Prefetch(uint64_t content_hash) const override;
    bool Contains(const span::SpanEntry& entry, uint64_t content_hash) const override;
    std::vector<bool> FindAll(const std::vector<span::SpanEntry>& spans,
                              const std::vector<uint64_t>& content_hashes) const override;

    std::vector<HeadPtr> heads;
    std::vector<ParkedHeadPtr> parked;
    std::vector<PartPtr> parts;
  };
  KnownSpans KnownAround(const span::SpanChunk& chunk) const;
  using Chunks = std::vector<std::shared_ptr<const span::SpanChunk>>;
  // True when the head is full now.
  bool AddToOpenHead(const Chunks& chunks, uint64_t sequence) SPANDREL_REQUIRES(write_mutex_);
  void CountOpenHead() SPANDREL_REQUIRES(write_mutex_);
  void PushOpenHead() SPANDREL_REQUIRES(write_mutex_);
  void ParkOpenHead() SPANDREL_REQUIRES(write_mutex_);
  void PushFull(FullHead full) SPANDREL_REQUIRES(write_mutex_, mutex_);
  void CountFull(const FullHead& full, int sign) SPANDREL_REQUIRES(mutex_);
  void CountOpenBytes(HeadBytes bytes) SPANDREL_REQUIRES(write_mutex_);
  FullHead OldestDamaged() const;

  const EngineOptions options_;
  const Events events_;
  base::Counter& stored_;
  base::Counter& resent_;
  LogDamage damage_;

  base::Mutex restore_mutex_;  // held while damaged heads are brought back
  base::Mutex write_mutex_;    // held while a batch is added or the open head is closed
  mutable base::Mutex mutex_ SPANDREL_ACQUIRED_AFTER(restore_mutex_, write_mutex_);
  // Of the open head's chunks.
  std::vector<journal::LogPlace> recovered_ SPANDREL_GUARDED_BY(write_mutex_);
  // The pointer is read with either of write_mutex_ and mutex_, and changed with both; contents as
  // Head says.
  std::shared_ptr<Head> open_;
  std::deque<FullHead> full_ SPANDREL_GUARDED_BY(mutex_);  // oldest first
  std::vector<PartPtr> parts_ SPANDREL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> full_bytes_{0};
  std::atomic<uint64_t> full_spans_{0};
  std::atomic<uint64_t> open_bytes_{0};
  std::atomic<uint64_t> open_spans_{0};
  std::atomic<uint64_t> lost_spans_{0};
  std::atomic<uint64_t> open_first_{0};                       // sequence; 0: the open head is empty
  HeadBytes counted_open_ SPANDREL_GUARDED_BY(write_mutex_);  // of the open head, in memory_
  HeadMemory& memory_;
};

}  // namespace spandrel::columnar
