// SPDX-License-Identifier: Apache-2.0
#include "sdk/record/span_buffer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace spandrel::sdk {
namespace {

// Of a block that is mostly empty, so that many scopes with few spans each take little.
std::unique_ptr<SpanBlock> Shrunk(const SpanBlock& block) {
  auto small = std::make_unique<SpanBlock>(block.size);
  std::memcpy(small->bytes.get(), block.bytes.get(), block.size);
  small->size = block.size;
  small->spans = block.spans;
  small->scope = block.scope;
  return small;
}

void AddSlot(SpanBuffer::Counts& counts, const ThreadSlot& slot) {
  // In this order, since a slot counts first what has ended and then what became of it.
  counts.late += slot.late.value();
  counts.dropped_buffer_full += slot.dropped_buffer_full.value();
  counts.ended += slot.ended.value();
}

// Nobody starts a span any more, so that what has been started stays as it is.
bool HasLiveSpans(const SlotLane& lane) {
  uint64_t live = 0;
  for (const auto& slot : lane.slots) live += slot->started.value() - slot->ended.value();
  return live != 0;
}

}  // namespace

SlotLane& SpanBuffer::OpenLane(ScopePtr scope) {
  base::MutexLock lock(LanesMutex());
  SlotLane& lane = TakeLane(*this, std::move(scope));
  lanes_.emplace(lane.index, &lane);
  return lane;
}

// A slot that is locked is being added to, or swept by the exporter: the lane stays for this time.
bool SpanBuffer::TryCloseLane(SlotLane& lane, bool& urgent) {
  base::MutexLock lock(LanesMutex());
  if (HasLiveSpans(lane)) return false;
  for (const auto& slot : lane.slots) {
    const std::unique_lock slot_lock(slot->lock, std::try_to_lock);
    if (!slot_lock.owns_lock()) return false;
    urgent |= Empty(*slot) == Kept::kUrgently;
  }
  for (const auto& slot : lane.slots) AddSlot(closed_, *slot);
  lanes_.erase(lane.index);
  GiveBackLane(lane);
  return true;
}

// The slot's lock is held meanwhile, so that TakeAll finds the spans either here or among the full
// blocks.
SpanBuffer::Kept SpanBuffer::Empty(ThreadSlot& slot) {
  if (slot.block == nullptr) return Kept::kKept;
  std::unique_ptr<SpanBlock> block = std::move(slot.block);
  if (block->size <= block->capacity / 2) {
    std::unique_ptr<SpanBlock> small = Shrunk(*block);
    Recycle(std::exchange(block, std::move(small)));
  }
  const size_t spans = block->spans;
  const Kept kept = Keep(block);
  if (kept == Kept::kRefused) slot.dropped_buffer_full.Add(spans);
  return kept;
}

void SpanBuffer::AddLate(ThreadSlot& slot) {
  std::lock_guard lock(slot.lock);
  slot.ended.Add(1);
  slot.late.Add(1);
}

bool SpanBuffer::Renew(ThreadSlot& slot, size_t size) {
  const bool first = slot.block == nullptr;
  if (!first && slot.block->spans > 0) {
    const Kept kept = Keep(slot.block);
    if (kept == Kept::kRefused) return false;
    if (kept == Kept::kUrgently) on_data_(true);
  }
  slot.block = NewBlock(size);
  slot.block->scope = slot.scope;
  if (first) on_data_(false);
  return true;
}

SpanBuffer::Kept SpanBuffer::Keep(std::unique_ptr<SpanBlock>& block) {
  base::MutexLock lock(mutex_);
  const size_t bytes = block->held_bytes();
  if (held_bytes_ + bytes > limits_.bytes) return Kept::kRefused;
  if (limits_.spans != 0 && held_spans_ + block->spans > limits_.spans) return Kept::kRefused;
  held_bytes_ += bytes;
  held_spans_ += block->spans;
  const bool was_urgent = full_bytes_ >= kUrgentBytes;
  full_bytes_ += block->size;
  full_.push_back(std::move(block));
  const bool urgent = (!was_urgent && full_bytes_ >= kUrgentBytes) || limits_.block_spans != 0;
  return urgent ? Kept::kUrgently : Kept::kKept;
}

std::unique_ptr<SpanBlock> SpanBuffer::NewBlock(size_t size) {
  if (size > SpanBlock::kBytes) return std::make_unique<SpanBlock>(size);
  {
    base::MutexLock lock(mutex_);
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
  base::MutexLock lock(LanesMutex());
  for (const auto& [index, lane] : lanes_) {
    for (const auto& slot : lane->slots) slots.push_back(slot.get());
  }
  return slots;
}

// The slots go first: a block that its thread hands over meanwhile is then either among the full
// ones below, or its successor is the first after this sweep and is announced. A slot may meanwhile
// have become another buffer's.
SpanBuffer::Blocks SpanBuffer::TakeAll() {
  Blocks swept;
  size_t bytes = 0;
  size_t spans = 0;
  for (ThreadSlot* slot : AllSlots()) {
    std::lock_guard lock(slot->lock);
    if (slot->buffer != this || slot->block == nullptr) continue;
    bytes += slot->block->held_bytes();
    spans += slot->block->spans;
    swept.push_back(std::move(slot->block));
  }
  Blocks taken;
  base::MutexLock lock(mutex_);
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
  block->scope = nullptr;
  base::MutexLock lock(mutex_);
  if (spare_.size() < kMaxSpareBlocks) spare_.push_back(std::move(block));
}

void SpanBuffer::Release(size_t bytes, size_t spans) {
  base::MutexLock lock(mutex_);
  held_bytes_ -= bytes;
  held_spans_ -= spans;
}

void SpanBuffer::FreeSpareBlocks() {
  base::MutexLock lock(mutex_);
  spare_ = Blocks();
}

SpanBuffer::Counts SpanBuffer::CountsOfLanes() const {
  Counts counts;
  for (const auto& [index, lane] : lanes_) {
    for (const auto& slot : lane->slots) AddSlot(counts, *slot);
  }
  return counts;
}

SpanBuffer::Counts SpanBuffer::counts() {
  base::MutexLock lock(LanesMutex());
  Counts counts = CountsOfLanes();
  counts.ended += closed_.ended;
  counts.dropped_buffer_full += closed_.dropped_buffer_full;
  counts.late += closed_.late;
  return counts;
}

// The slots' counts stay, since they tell which tracers have live spans; here they count as
// nothing.
void SpanBuffer::ResetInChild() {
  const Counts counts = CountsOfLanes();
  closed_.ended = -counts.ended;
  closed_.dropped_buffer_full = -counts.dropped_buffer_full;
  closed_.late = -counts.late;
  full_.clear();
  full_bytes_ = 0;
  held_bytes_ = 0;
  held_spans_ = 0;
}

}  // namespace spandrel::sdk
