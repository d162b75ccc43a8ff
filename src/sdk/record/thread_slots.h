// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/mutex.h"
#include "sdk/process/spin_lock.h"
#include "sdk/process/thread_state.h"
#include "sdk/record/span_block.h"

namespace spandrel::sdk {

class SpanBuffer;
struct SlotLane;

// A count with one writer at a time, which needs no locked instruction, and any number of readers.
class OwnedCount {
 public:
  void Add(uint64_t count) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_release);
  }
  void Reset() { value_.store(0, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Where one thread puts the ended spans of one tracer. Lives as long as the process; when its
// thread ends another one takes it over.
struct alignas(64) ThreadSlot {
  explicit ThreadSlot(SlotLane& its_lane) : lane(its_lane) {}

  SlotLane& lane;
  OwnedCount started;  // written by the slot's thread; recorded spans only
  SpinLock lock;
  std::unique_ptr<SpanBlock> block;  // guarded by lock
  OwnedCount ended;                  // written with the lock
  OwnedCount dropped_buffer_full;    // of those; written with the lock, after `ended`
  OwnedCount late;                   // of those, after the shutdown; as above
  SpanBuffer* buffer = nullptr;      // null: the lane is free; guarded by lock
  ScopePtr scope;                    // guarded by lock
};

// The slots of one tracer, one for each thread that has made spans with it. A lane lives as long as
// the process and serves one tracer after another, so that threads may keep pointers to its slots
// and a place for it (`index`) without being told when a tracer goes. All but `index` is guarded by
// LanesMutex().
struct SlotLane {
  explicit SlotLane(uint32_t its_index) : index(its_index) {}

  const uint32_t index;  // into ThreadState::slots; unique in the process
  SpanBuffer* buffer = nullptr;
  ScopePtr scope;
  std::vector<std::unique_ptr<ThreadSlot>> slots;
  std::vector<ThreadSlot*> unused;  // those whose threads have ended
};

// Taken after a provider's lock, and before a buffer's and a slot's. The latter is only tried,
// unless the lane is free: who adds to a slot may be waiting for its provider's lock.
base::Mutex& LanesMutex();

// With LanesMutex() held: a lane that no tracer has, and gives one back. Of one that is given back
// no slot has a block, and nobody starts or ends a span.
SlotLane& TakeLane(SpanBuffer& buffer, ScopePtr scope) SPANDREL_REQUIRES(LanesMutex());
void GiveBackLane(SlotLane& lane) SPANDREL_REQUIRES(LanesMutex());

// The calling thread's slot of a lane, which it keeps until it ends; null: not yet taken.
inline ThreadSlot* FindSlot(uint32_t lane_index) {
  const ThreadState& thread = t_thread;
  return lane_index < thread.slot_count ? thread.slots[lane_index] : nullptr;
}

// The same, taken when it is missing. A thread that is ending has it only as long as the lease.
class SlotLease {
 public:
  explicit SlotLease(SlotLane& lane);
  SlotLease(const SlotLease&) = delete;
  SlotLease& operator=(const SlotLease&) = delete;
  ~SlotLease();

  ThreadSlot& operator*() const { return *slot_; }

 private:
  ThreadSlot* slot_;
  bool kept_ = true;  // by the thread
};

// In the child of a fork, with LanesMutex() held: only the calling thread keeps its slots, and all
// blocks are forgotten.
void ResetSlotsInChild() SPANDREL_REQUIRES(LanesMutex());

}  // namespace spandrel::sdk
