// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace spandrel::net {

// How many frames that cost a peer nothing (resets, pings, settings, empty frames, window updates)
// one connection may send: so many a second, and a few more for every frame of an answer, since
// honest peers send pings and window updates in return for data.
class MisuseBudget {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit MisuseBudget(size_t per_second) : per_second_(per_second), tokens_(per_second) {}

  // False when the peer has overdrawn.
  bool Spend(TimePoint now) {
    Refill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  void Earn() { tokens_ = std::min(tokens_ + kPerAnswerFrame, per_second_ * kBurst); }

 private:
  static constexpr double kPerAnswerFrame = 4;
  static constexpr double kBurst = 4;

  void Refill(TimePoint now) {
    const double seconds = std::chrono::duration<double>(now - refilled_at_).count();
    refilled_at_ = now;
    if (tokens_ < per_second_) tokens_ = std::min(tokens_ + seconds * per_second_, per_second_);
  }

  const double per_second_;
  double tokens_;
  TimePoint refilled_at_ = std::chrono::steady_clock::now();
};

}  // namespace spandrel::net
