// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace spandrel::base {

// A ceiling on bytes in memory. Whoever is about to read, decompress or decode reserves first; a
// reservation that does not fit is refused, never waited for. Thread-safe.
class ByteBudget {
 public:
  // A part of the budget, given back when it is destroyed. Must not outlive the budget. One that
  // was not made by TryReserve belongs to no budget: it grows without limit.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Reservation& operator=(Reservation&& other) noexcept {
      if (this != &other) {
        Release();
        budget_ = std::exchange(other.budget_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
      }
      return *this;
    }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    ~Reservation() { Release(); }

    size_t bytes() const { return bytes_; }
    // Reserves `more` on top. False, and nothing changes, when it does not fit.
    bool TryGrow(size_t more);
    // Gives back `less`, which must not be more than bytes().
    void Shrink(size_t less);
    void Release();

   private:
    friend class ByteBudget;
    Reservation(ByteBudget* budget, size_t bytes) : budget_(budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    size_t bytes_ = 0;
  };

  explicit ByteBudget(size_t limit_bytes) : limit_(limit_bytes) {}

  // False, and `reservation` unchanged, when `bytes` do not fit.
  bool TryReserve(size_t bytes, Reservation* reservation);

  // Counts what is there whether it fits or not, and what of it has gone. While more is taken than
  // the limit, nothing can be reserved.
  void Take(size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void GiveBack(size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  // From now on. What is reserved stays, though it be more.
  void SetLimit(size_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  size_t limit() const { return limit_.load(std::memory_order_relaxed); }
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  // What could be reserved now.
  size_t available() const {
    const size_t used_bytes = used();
    const size_t limit_bytes = limit();
    return used_bytes < limit_bytes ? limit_bytes - used_bytes : 0;
  }

 private:
  bool TryTake(size_t bytes);

  std::atomic<size_t> limit_;
  std::atomic<size_t> used_{0};
};

}  // namespace spandrel::base
