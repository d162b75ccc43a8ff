// SPDX-License-Identifier: Apache-2.0
#include "sdk/span_buffer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sdk/thread_state.h"

namespace spandrel::sdk {
namespace {

bool BelongsToThisThread(const ThreadSlot* slot) {
  ThreadSlot** const end = t_thread.slots + t_thread.slot_count;
  return std::find(t_thread.slots, end, slot) != end;
}

}  // namespace

ThreadSlot* SpanBuffer::TakeSlot(const Tracer* tracer) {
  std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(free_slots_.begin(), free_slots_.end(),
                   [tracer](const ThreadSlot* slot) { return slot->tracer == tracer; });
  if (found != free_slots_.end()) {
    ThreadSlot* const slot = *found;
    free_slots_.erase(found);
    return slot;
  }
  slots_.push_back(std::make_unique<ThreadSlot>());
  slots_.back()->buffer = this;
  slots_.back()->tracer = tracer;
  return slots_.back().get();
}

void SpanBuffer::ReturnSlot(ThreadSlot* slot) {
  std::lock_guard lock(mutex_);
  free_slots_.push_back(slot);
}

bool SpanBuffer::Renew(ThreadSlot& slot, size_t size) {
  const bool first = slot.block == nullptr;
  if (!first && slot.block->spans > 0 && !HandOver(slot.block)) return false;
  slot.block = NewBlock(size);
  slot.block->tracer = slot.tracer;
  if (first) on_data_(false);
  return true;
}

bool SpanBuffer::HandOver(std::unique_ptr<SpanBlock>& block) {
  bool urgent = false;
  {
    std::lock_guard lock(mutex_);
    if (held_bytes_ + block->size > limits_.bytes) return false;
    if (limits_.spans != 0 && held_spans_ + block->spans > limits_.spans) return false;
    held_bytes_ += block->size;
    held_spans_ += block->spans;
    const bool was_urgent = full_bytes_ >= kUrgentBytes;
    full_bytes_ += block->size;
    full_.push_back(std::move(block));
    urgent = (!was_urgent && full_bytes_ >= kUrgentBytes) || limits_.block_spans != 0;
  }
  if (urgent) on_data_(true);
  return true;
}

std::unique_ptr<SpanBlock> SpanBuffer::NewBlock(size_t size) {
  if (size > SpanBlock::kBytes) return std::make_unique<SpanBlock>(size);
  {
    std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      std::unique_ptr<SpanBlock> block = std::move(spare_.back());
      spare_.pop_back();
      return block;
    }
  }
  return std::make_unique<SpanBlock>(SpanBlock::kBytes);
}

std::vector<ThreadSlot*> SpanBuffer::AllSlots() {
  std::vector<ThreadSlot*> slots;
  std::lock_guard lock(mutex_);
  for (const auto& slot : slots_) slots.push_back(slot.get());
  return slots;
}

// The slots go first: a block that its thread hands over meanwhile is then either among the full
// ones below, or its successor is the first after this sweep and is announced.
SpanBuffer::Blocks SpanBuffer::TakeAll() {
  Blocks swept;
  size_t bytes = 0;
  size_t spans = 0;
  for (ThreadSlot* slot : AllSlots()) {
    std::lock_guard lock(slot->lock);
    if (slot->block == nullptr) continue;
    bytes += slot->block->size;
    spans += slot->block->spans;
    swept.push_back(std::move(slot->block));
  }
  Blocks taken;
  std::lock_guard lock(mutex_);
  taken.swap(full_);
  full_bytes_ = 0;
  held_bytes_ += bytes;
  held_spans_ += spans;
  std::move(swept.begin(), swept.end(), std::back_inserter(taken));
  return taken;
}

void SpanBuffer::Recycle(std::unique_ptr<SpanBlock> block) {
  if (block->capacity != SpanBlock::kBytes) return;
  block->size = 0;
  block->spans = 0;
  std::lock_guard lock(mutex_);
  if (spare_.size() < kMaxSpareBlocks) spare_.push_back(std::move(block));
}

void SpanBuffer::Release(size_t bytes, size_t spans) {
  std::lock_guard lock(mutex_);
  held_bytes_ -= bytes;
  held_spans_ -= spans;
}

SpanBuffer::Counts SpanBuffer::counts() {
  Counts counts;
  for (ThreadSlot* slot : AllSlots()) {
    std::lock_guard lock(slot->lock);
    counts.ended += slot->ended;
    counts.dropped_buffer_full += slot->dropped_buffer_full;
  }
  return counts;
}

void SpanBuffer::ResetInChild() {
  free_slots_.clear();
  for (const auto& slot : slots_) {
    // A slot that another thread was writing to may be in any state: its block is leaked.
    if (slot->lock.locked()) (void)slot->block.release();
    slot->lock.unlock();
    slot->block.reset();
    slot->ended = 0;
    slot->dropped_buffer_full = 0;
    if (!BelongsToThisThread(slot.get())) free_slots_.push_back(slot.get());
  }
  full_.clear();
  full_bytes_ = 0;
  held_bytes_ = 0;
  held_spans_ = 0;
}

}  // namespace spandrel::sdk
