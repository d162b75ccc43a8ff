// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "proto/otlp.h"
#include "proto/raw_writer.h"
#include "sdk/process/spin_lock.h"
#include "sdk/record/span_block.h"
#include "sdk/record/thread_slots.h"

namespace spandrel::sdk {

// Bounded memory between the threads that end spans and the exporter. A thread fills a block of its
// own and hands it over whole; when full blocks and requests not yet acknowledged reach the limit,
// the newest spans are dropped and counted. Thread-safe.
//
// Locks are taken in the order slot, buffer; `on_data` is called with the slot's lock held.
class SpanBuffer {
 public:
  struct Limits {
    size_t bytes = 32 << 20;
    size_t spans = 0;        // 0: no limit
    size_t block_spans = 0;  // a block with so many is handed over; 0: only bytes count
  };
  // `on_data(false)` is called when the first span after a sweep has come, `on_data(true)` when
  // the full blocks have become worth a request.
  SpanBuffer(Limits limits, std::function<void(bool urgent)> on_data)
      : limits_(limits), on_data_(std::move(on_data)) {}

  // The slots of one more tracer.
  SlotLane& OpenLane(ScopePtr scope);

  // Gives the slots of a tracer back, of which nobody can start a span any more; false when some
  // span has not ended. What it has in its blocks is handed over, or dropped and counted when the
  // limit is reached. `urgent` is set when the full blocks have become worth a request.
  bool TryCloseLane(SlotLane& lane, bool& urgent);

  // Adds one span. Nothing of the lane is touched once the slot's lock is free.
  void Add(ThreadSlot& slot, std::string_view message) {
    const size_t field_size = proto::LengthFieldSize(message.size());
    std::lock_guard lock(slot.lock);
    slot.ended.Add(1);
    if (!HasRoom(slot, field_size) && !Renew(slot, field_size)) [[unlikely]] {
      slot.dropped_buffer_full.Add(1);
      return;
    }
    SpanBlock& block = *slot.block;
    char* const out =
        proto::WriteLengthHead(block.bytes.get() + block.size,
                               proto::LengthTag(proto::otlp::kScopeSpansSpans), message.size());
    std::memcpy(out, message.data(), message.size());
    block.size += field_size;
    ++block.spans;
  }
  // Counts one that ends after the shutdown.
  static void AddLate(ThreadSlot& slot);

  // For the exporter. What is taken counts against the limit until it is released.
  using Blocks = std::vector<std::unique_ptr<SpanBlock>>;
  Blocks TakeAll();
  void Recycle(std::unique_ptr<SpanBlock> block);
  void Release(size_t bytes, size_t spans);
  // Of blocks that are kept for the next use.
  void FreeSpareBlocks();

  struct Counts {
    uint64_t ended = 0;
    uint64_t dropped_buffer_full = 0;
    uint64_t late = 0;
  };
  Counts counts();

  // Around fork. In the child all spans are forgotten, since the parent sends them; slots are reset
  // before that.
  void LockForFork() SPANDREL_ACQUIRE(mutex_) { mutex_.Lock(); }
  void UnlockAfterFork() SPANDREL_RELEASE(mutex_) { mutex_.Unlock(); }
  void ResetInChild() SPANDREL_REQUIRES(mutex_, LanesMutex());

 private:
  static constexpr size_t kUrgentBytes = 256 << 10;
  static constexpr size_t kMaxSpareBlocks = 16;

  enum class Kept { kRefused, kKept, kUrgently };

  bool HasRoom(const ThreadSlot& slot, size_t size) const {
    const SpanBlock* const block = slot.block.get();
    return block != nullptr && block->size + size <= block->capacity &&
           (limits_.block_spans == 0 || block->spans < limits_.block_spans);
  }
  std::vector<ThreadSlot*> AllSlots();
  Counts CountsOfLanes() const SPANDREL_REQUIRES(LanesMutex());
  bool Renew(ThreadSlot& slot, size_t size);
  Kept Keep(std::unique_ptr<SpanBlock>& block);
  std::unique_ptr<SpanBlock> NewBlock(size_t size);
  Kept Empty(ThreadSlot& slot);

  const Limits limits_;
  const std::function<void(bool urgent)> on_data_;

  std::map<uint32_t, SlotLane*> lanes_ SPANDREL_GUARDED_BY(LanesMutex());  // by index
  Counts closed_ SPANDREL_GUARDED_BY(LanesMutex());  // beside what the lanes' slots count

  base::Mutex mutex_;
  Blocks full_ SPANDREL_GUARDED_BY(mutex_);
  Blocks spare_ SPANDREL_GUARDED_BY(mutex_);
  size_t full_bytes_ SPANDREL_GUARDED_BY(mutex_) = 0;
  size_t held_bytes_ SPANDREL_GUARDED_BY(mutex_) = 0;  // full or taken, not released
  size_t held_spans_ SPANDREL_GUARDED_BY(mutex_) = 0;
};

}  // namespace spandrel::sdk
