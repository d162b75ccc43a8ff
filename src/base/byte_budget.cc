// SPDX-License-Identifier: Apache-2.0
#include "base/byte_budget.h"

#include "base/check.h"

namespace spandrel::base {

bool ByteBudget::Reservation::TryGrow(size_t more) {
  if (budget_ != nullptr && !budget_->TryTake(more)) return false;
  bytes_ += more;
  return true;
}

void ByteBudget::Reservation::Shrink(size_t less) {
  SPANDREL_CHECK(less <= bytes_);
  if (budget_ != nullptr) budget_->used_.fetch_sub(less, std::memory_order_relaxed);
  bytes_ -= less;
}

void ByteBudget::Reservation::Release() {
  if (budget_ != nullptr) budget_->used_.fetch_sub(bytes_, std::memory_order_relaxed);
  budget_ = nullptr;
  bytes_ = 0;
}

bool ByteBudget::TryReserve(size_t bytes, Reservation* reservation) {
  if (!TryTake(bytes)) return false;
  *reservation = Reservation(this, bytes);
  return true;
}

bool ByteBudget::TryTake(size_t bytes) {
  size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

}  // namespace spandrel::base
