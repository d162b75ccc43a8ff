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

  size_t limit() const { return limit_; }
  size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  bool TryTake(size_t bytes);

  const size_t limit_;
  std::atomic<size_t> used_{0};
};

}  // namespace spandrel::base
