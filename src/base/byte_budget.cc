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
  if (budget_ != nullptr) budget_->GiveBack(less);
  bytes_ -= less;
}

void ByteBudget::Reservation::Release() {
  if (budget_ != nullptr) budget_->GiveBack(bytes_);
  budget_ = nullptr;
  bytes_ = 0;
}

bool ByteBudget::TryReserve(size_t bytes, Reservation* reservation) {
  if (!TryTake(bytes)) return false;
  *reservation = Reservation(this, bytes);
  return true;
}

bool ByteBudget::TryTake(size_t bytes) {
  if (bytes == 0) return true;
  const size_t limit = limit_.load(std::memory_order_relaxed);
  size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used > limit || bytes > limit - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

}  // namespace spandrel::base
