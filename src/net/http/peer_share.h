// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "base/byte_budget.h"

namespace spandrel::net {

// How much of a byte budget the unfinished requests of one peer hold, over all its connections.
// Where bytes are scarce nobody holds more than half of them. Thread-safe.
class PeerShare {
 public:
  // Its part of a share, given back when it is destroyed. Must not outlive the share. One without a
  // share grows without limit.
  class Hold {
   public:
    explicit Hold(PeerShare* share = nullptr) : share_(share) {}
    Hold(Hold&& other) noexcept
        : share_(std::exchange(other.share_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Hold& operator=(Hold&& other) noexcept {
      if (this == &other) return *this;
      Release();
      share_ = std::exchange(other.share_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
      return *this;
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { Release(); }

    // False when the peer is to leave what there is of `budget` to others.
    bool TryGrow(size_t more, const base::ByteBudget& budget) {
      if (share_ == nullptr) return true;
      if (!share_->TryTake(more, budget)) return false;
      bytes_ += more;
      return true;
    }
    void Release() {
      if (share_ != nullptr) share_->held_ -= bytes_;
      bytes_ = 0;
    }

   private:
    PeerShare* share_;
    size_t bytes_ = 0;
  };

  size_t held() const { return held_; }

 private:
  bool TryTake(size_t bytes, const base::ByteBudget& budget) {
    const size_t held = held_.fetch_add(bytes) + bytes;
    const size_t limit = budget.limit();
    const bool is_scarce = budget.used() + bytes > limit - limit / 4;
    if (held <= limit / 2 || !is_scarce) return true;
    held_ -= bytes;
    return false;
  }

  std::atomic<size_t> held_{0};
};

}  // namespace spandrel::net
