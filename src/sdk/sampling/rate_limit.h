// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace spandrel::sdk {

// Lets through so many a second, and what was not used within the last second at once (a token
// bucket kept as the time at which it will be full again). Thread-safe, without a lock.
class RateLimit {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit RateLimit(double per_second)
      : interval_(per_second > 0 ? Nanos(1e9 / std::min(per_second, 1e9)) : 0),
        burst_(std::max(interval_, Nanos(1e9))) {}

  bool Allow(TimePoint at = std::chrono::steady_clock::now()) {
    if (interval_ == 0) return false;
    const int64_t now = at.time_since_epoch().count();
    int64_t full_at = full_at_.load(std::memory_order_relaxed);
    while (true) {
      const int64_t next = std::max(full_at, now) + interval_;
      if (next > now + burst_) return false;
      if (full_at_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return true;
    }
  }

 private:
  // Rates below one in 100 years count as that.
  static int64_t Nanos(double nanos) { return static_cast<int64_t>(std::min(nanos, 3e18)); }

  const int64_t interval_;  // 0: lets nothing through
  const int64_t burst_;
  std::atomic<int64_t> full_at_{INT64_MIN / 2};
};

}  // namespace spandrel::sdk
