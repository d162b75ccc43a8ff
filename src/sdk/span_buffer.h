// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/proto_writer.h"
#include "sdk/spin_lock.h"

namespace spandrel::sdk {

class SpanBuffer;
class Tracer;

// Ended spans of one instrumentation scope: the repeated field `spans` of ScopeSpans, ready to
// send.
struct SpanBlock {
  static constexpr size_t kBytes = 64 << 10;

  explicit SpanBlock(size_t room) : bytes(new char[room]), capacity(room) {}

  std::unique_ptr<char[]> bytes;
  size_t capacity;
  size_t size = 0;
  uint32_t spans = 0;
  const Tracer* tracer = nullptr;
};

// Where one thread puts the ended spans of one tracer. Lives as long as the process; when its
// thread ends another one takes it over.
struct alignas(64) ThreadSlot {
  SpanBuffer* buffer;
  const Tracer* tracer;
  SpinLock lock;
  std::unique_ptr<SpanBlock> block;  // guarded by lock
  uint64_t ended = 0;                // guarded by lock
  uint64_t dropped_buffer_full = 0;  // guarded by lock
};

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

  ThreadSlot* TakeSlot(const Tracer* tracer);
  void ReturnSlot(ThreadSlot* slot);

  // Adds one span.
  void Add(ThreadSlot& slot, std::string_view message) {
    const size_t field_size = LengthFieldSize(message.size());
    std::lock_guard lock(slot.lock);
    ++slot.ended;
    if (!HasRoom(slot, field_size) && !Renew(slot, field_size)) [[unlikely]] {
      ++slot.dropped_buffer_full;
      return;
    }
    SpanBlock& block = *slot.block;
    char* const out = WriteLengthHead(block.bytes.get() + block.size, LengthTag(2), message.size());
    std::memcpy(out, message.data(), message.size());
    block.size += field_size;
    ++block.spans;
  }

  // For the exporter. What is taken counts against the limit until it is released.
  using Blocks = std::vector<std::unique_ptr<SpanBlock>>;
  Blocks TakeAll();
  void Recycle(std::unique_ptr<SpanBlock> block);
  void Release(size_t bytes, size_t spans);

  struct Counts {
    uint64_t ended = 0;
    uint64_t dropped_buffer_full = 0;
  };
  Counts counts();

  // Around fork. In the child all spans are forgotten, since the parent sends them.
  void LockForFork() { mutex_.lock(); }
  void UnlockAfterFork() { mutex_.unlock(); }
  void ResetInChild();

 private:
  static constexpr size_t kUrgentBytes = 256 << 10;
  static constexpr size_t kMaxSpareBlocks = 16;

  bool HasRoom(const ThreadSlot& slot, size_t size) const {
    const SpanBlock* const block = slot.block.get();
    return block != nullptr && block->size + size <= block->capacity &&
           (limits_.block_spans == 0 || block->spans < limits_.block_spans);
  }
  std::vector<ThreadSlot*> AllSlots();
  bool Renew(ThreadSlot& slot, size_t size);
  bool HandOver(std::unique_ptr<SpanBlock>& block);
  std::unique_ptr<SpanBlock> NewBlock(size_t size);

  const Limits limits_;
  const std::function<void(bool urgent)> on_data_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<ThreadSlot>> slots_;  // guarded by mutex_
  std::vector<ThreadSlot*> free_slots_;             // guarded by mutex_
  Blocks full_;                                     // guarded by mutex_
  Blocks spare_;                                    // guarded by mutex_
  size_t full_bytes_ = 0;                           // guarded by mutex_
  size_t held_bytes_ = 0;  // full or taken, not released; guarded by mutex_
  size_t held_spans_ = 0;  // guarded by mutex_
};

}  // namespace spandrel::sdk
