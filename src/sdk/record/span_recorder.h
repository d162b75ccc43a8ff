// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "sdk/record/span_block.h"
#include "sdk/record/span_buffer.h"
#include "sdk/record/thread_slots.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

// Where the recorded spans of one tracer are counted, and where they go when they end. Threads
// share nothing: each counts in its own slot what it starts and ends. Lives as long as its tracer,
// which no live span outlives. Thread-safe.
class SpanRecorder {
 public:
  // Opens a lane of the buffer. `limits` and `stopped` are the provider's.
  SpanRecorder(SpanBuffer& buffer, const SpanLimits& limits, const std::atomic<bool>& stopped,
               ScopePtr scope);

  const SpanLimits& limits() const { return limits_; }
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

  void CountStart() {
    if (ThreadSlot* const slot = FindSlot(lane_index_)) [[likely]]
      return slot->started.Add(1);
    CountStartWithoutSlot();
  }

  // Adds the message of an ended span; see SpanBuffer::Add. The tracer may be gone when it returns.
  void Add(std::string_view message) {
    if (ThreadSlot* const slot = FindSlot(lane_index_)) [[likely]]
      return AddTo(*slot, message);
    AddWithoutSlot(message);
  }

  // Gives the slots back when no span can start any more and none is live; see
  // SpanBuffer::TryCloseLane.
  bool TryClose(bool& urgent) { return buffer_.TryCloseLane(lane_, urgent); }

 private:
  void CountStartWithoutSlot();
  void AddTo(ThreadSlot& slot, std::string_view message) {
    if (stopped()) [[unlikely]]
      return SpanBuffer::AddLate(slot);
    buffer_.Add(slot, message);
  }
  void AddWithoutSlot(std::string_view message);

  SpanBuffer& buffer_;
  const SpanLimits& limits_;
  const std::atomic<bool>& stopped_;
  SlotLane& lane_;
  const uint32_t lane_index_;
};

}  // namespace spandrel::sdk
