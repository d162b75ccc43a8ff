// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sched.h>

#include <atomic>

namespace spandrel::sdk {

// A lock of one byte for sections of some nanoseconds that seldom meet. Works with std::lock_guard.
class SpinLock {
 public:
  void lock() {
    if (locked_.exchange(true, std::memory_order_acquire)) [[unlikely]]
      LockTaken();
  }
  bool try_lock() { return !locked_.exchange(true, std::memory_order_acquire); }
  void unlock() { locked_.store(false, std::memory_order_release); }
  bool locked() const { return locked_.load(std::memory_order_relaxed); }

 private:
  [[gnu::noinline]] void LockTaken() {
    for (int tries = 0; locked_.exchange(true, std::memory_order_acquire); ++tries) {
      if (tries > kTriesBeforeYield) sched_yield();
    }
  }

  static constexpr int kTriesBeforeYield = 64;
  std::atomic<bool> locked_{false};
};

}  // namespace spandrel::sdk
