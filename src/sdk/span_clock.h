// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>

namespace spandrel::sdk {

inline int64_t ReadClock(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

inline int64_t SteadyNanos() {
  return ReadClock(CLOCK_MONOTONIC);
}

// What to add to a steady time to get a Unix time. Measured again when `steady_now` is more than a
// second after the last time, so that a span costs two clock readings and not three.
inline int64_t UnixOffset(int64_t steady_now) {
  static constinit std::atomic<int64_t> offset{0};
  static constinit std::atomic<int64_t> valid_until{0};
  if (steady_now > valid_until.load(std::memory_order_relaxed)) [[unlikely]] {
    offset.store(ReadClock(CLOCK_REALTIME) - SteadyNanos(), std::memory_order_relaxed);
    valid_until.store(steady_now + 1'000'000'000, std::memory_order_relaxed);
  }
  return offset.load(std::memory_order_relaxed);
}

}  // namespace spandrel::sdk
