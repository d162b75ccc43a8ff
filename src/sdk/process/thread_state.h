// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace spandrel::sdk {

struct ThreadSlot;

// Memory of one size kept for the next use by the same thread.
struct FreeList {
  struct Node {
    Node* next;
  };
  Node* head = nullptr;
  uint32_t count = 0;
};

// A reading of the processor's time stamp counter and of CLOCK_MONOTONIC at one moment. The time is
// nanos + (ticks since then) * nanos_per_tick / 2^32 for `valid_ticks` from then on; 0: not yet
// read.
struct ThreadClock {
  uint64_t ticks = 0;
  uint64_t valid_ticks = 0;
  int64_t nanos = 0;
  uint64_t nanos_per_tick = 0;
};

// All that the tracer keeps for each thread. Plain data, so that it may be used at any time, also
// while the thread ends; HookThreadExit sees to it that it is given back then.
struct ThreadState {
  ThreadClock clock;
  uint64_t random[4] = {};
  FreeList recording_spans;
  FreeList unsampled_spans;
  FreeList remote_spans;
  FreeList trace_state_texts;
  ThreadSlot** slots = nullptr;  // by SlotLane::index
  uint32_t slot_count = 0;
  bool seeded = false;
  bool hooked = false;
  bool exiting = false;
  void (*return_slots)() = nullptr;  // called when the thread ends, if there are slots
};

extern constinit thread_local ThreadState t_thread;

// To be called before the thread puts anything into its state.
void HookThreadExit();

// Takes and keeps nodes of one size for std::allocate_shared. A node freed by another thread joins
// that thread's list.
template <typename T, FreeList ThreadState::*kList>
struct PoolAllocator {
  using value_type = T;
  template <typename U>
  struct rebind {
    using other = PoolAllocator<U, kList>;
  };

  PoolAllocator() = default;
  template <typename U>
  explicit PoolAllocator(const PoolAllocator<U, kList>&) {}

  T* allocate(size_t) {
    FreeList& list = t_thread.*kList;
    if (list.head == nullptr) return static_cast<T*>(::operator new(sizeof(T)));
    FreeList::Node* const node = list.head;
    list.head = node->next;
    --list.count;
    return reinterpret_cast<T*>(node);
  }
  void deallocate(T* memory, size_t) {
    FreeList& list = t_thread.*kList;
    if (list.count >= kMaxKept || t_thread.exiting) return ::operator delete(memory);
    if (!t_thread.hooked) HookThreadExit();
    list.head = new (memory) FreeList::Node{list.head};
    ++list.count;
  }
  template <typename U>
  bool operator==(const PoolAllocator<U, kList>&) const {
    return true;
  }

 private:
  static constexpr uint32_t kMaxKept = 64;
};

}  // namespace spandrel::sdk
