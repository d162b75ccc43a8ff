// SPDX-License-Identifier: Apache-2.0
#include "sdk/record/thread_slots.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace spandrel::sdk {
namespace {

struct Lanes {
  base::Mutex mutex;
  std::vector<std::unique_ptr<SlotLane>> all SPANDREL_GUARDED_BY(LanesMutex());
  std::vector<SlotLane*> unused SPANDREL_GUARDED_BY(LanesMutex());
};

Lanes& TheLanes() {
  static Lanes* const lanes = new Lanes;
  return *lanes;
}

ThreadSlot* TakeSlot(SlotLane& lane) {
  base::MutexLock lock(LanesMutex());
  if (!lane.unused.empty()) {
    ThreadSlot* const slot = lane.unused.back();
    lane.unused.pop_back();
    return slot;
  }
  lane.slots.push_back(std::make_unique<ThreadSlot>(lane));
  ThreadSlot& slot = *lane.slots.back();
  slot.buffer = lane.buffer;
  slot.scope = lane.scope;
  return &slot;
}

// What the calling thread has in its state, when it ends.
void ReturnSlots() {
  ThreadState& thread = t_thread;
  base::MutexLock lock(LanesMutex());
  for (uint32_t i = 0; i < thread.slot_count; ++i) {
    if (thread.slots[i] != nullptr) thread.slots[i]->lane.unused.push_back(thread.slots[i]);
  }
  delete[] thread.slots;
  thread.slots = nullptr;
  thread.slot_count = 0;
}

bool KeepInThread(ThreadSlot* slot) {
  ThreadState& thread = t_thread;
  if (thread.exiting) return false;
  if (!thread.hooked) HookThreadExit();
  const uint32_t index = slot->lane.index;
  if (index >= thread.slot_count) {
    const uint32_t count = std::bit_ceil(index + 1);
    auto* const slots = new ThreadSlot*[count]();
    std::copy(thread.slots, thread.slots + thread.slot_count, slots);
    delete[] thread.slots;
    thread.slots = slots;
    thread.slot_count = count;
    thread.return_slots = ReturnSlots;
  }
  thread.slots[index] = slot;
  return true;
}

void Bind(SlotLane& lane, SpanBuffer* buffer, ScopePtr scope) {
  lane.buffer = buffer;
  lane.scope = std::move(scope);
  for (const auto& slot : lane.slots) {
    std::lock_guard lock(slot->lock);
    slot->buffer = lane.buffer;
    slot->scope = lane.scope;
    slot->started.Reset();
    slot->ended.Reset();
    slot->dropped_buffer_full.Reset();
    slot->late.Reset();
  }
}

}  // namespace

base::Mutex& LanesMutex() {
  return TheLanes().mutex;
}

SlotLane& TakeLane(SpanBuffer& buffer, ScopePtr scope) {
  Lanes& lanes = TheLanes();
  if (lanes.unused.empty()) {
    const auto index = static_cast<uint32_t>(lanes.all.size());
    lanes.all.push_back(std::make_unique<SlotLane>(index));
    lanes.unused.push_back(lanes.all.back().get());
  }
  SlotLane& lane = *lanes.unused.back();
  lanes.unused.pop_back();
  Bind(lane, &buffer, std::move(scope));
  return lane;
}

void GiveBackLane(SlotLane& lane) {
  Bind(lane, nullptr, nullptr);
  TheLanes().unused.push_back(&lane);
}

SlotLease::SlotLease(SlotLane& lane) : slot_(FindSlot(lane.index)) {
  if (slot_ != nullptr) return;
  slot_ = TakeSlot(lane);
  kept_ = KeepInThread(slot_);
}

// By now the lane may already serve another tracer.
SlotLease::~SlotLease() {
  if (kept_) return;
  base::MutexLock lock(LanesMutex());
  slot_->lane.unused.push_back(slot_);
}

void ResetSlotsInChild() {
  for (const auto& lane : TheLanes().all) {
    lane->unused.clear();
    for (const auto& slot : lane->slots) {
      // A slot that another thread was writing to may be in any state: its block is leaked.
      if (slot->lock.locked()) (void)slot->block.release();
      slot->lock.unlock();
      slot->block.reset();
      if (FindSlot(lane->index) != slot.get()) lane->unused.push_back(slot.get());
    }
  }
}

}  // namespace spandrel::sdk
