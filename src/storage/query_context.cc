// SPDX-License-Identifier: Apache-2.0
#include "storage/query_context.h"

#include <utility>

namespace spandrel::storage {

using base::Status;
using base::StatusCode;

namespace {

constexpr std::chrono::milliseconds kMemoryRetryDelay{1'000};

base::Result<base::ByteBudget::Reservation> ReserveFrom(base::ByteBudget* budget, size_t bytes) {
  base::ByteBudget::Reservation reservation;
  if (budget == nullptr || budget->TryReserve(bytes, &reservation)) return reservation;
  return QueryContext::OutOfMemory();
}

}  // namespace

QueryContext::QueryContext(QueryOptions options) : options_(std::move(options)) {
  // Of nothing, which always fits: from now on it grows within the budget.
  if (options_.memory != nullptr) (void)options_.memory->TryReserve(0, &memory_);
}

Status QueryContext::Check() const {
  const bool gone = options_.is_cancelled && options_.is_cancelled();
  if (gone || cancelled_.load(std::memory_order_relaxed)) {
    return {StatusCode::kCancelled, "the query was cancelled"};
  }
  if (options_.deadline && std::chrono::steady_clock::now() >= *options_.deadline) {
    return {StatusCode::kDeadlineExceeded, "the query took too long"};
  }
  return {};
}

Status QueryContext::Reserve(size_t bytes) const {
  base::MutexLock lock(memory_mutex_);
  return memory_.TryGrow(bytes) ? Status() : OutOfMemory();
}

Status QueryContext::OutOfMemory() {
  Status status(StatusCode::kResourceExhausted, "there is not enough memory for the query now");
  status.set_retry_after(kMemoryRetryDelay);
  return status;
}

base::Result<base::ByteBudget::Reservation> QueryContext::ReserveApart(size_t bytes) const {
  return ReserveFrom(options_.memory, bytes);
}

base::Result<base::ByteBudget::Reservation> QueryContext::ReserveAnswer(size_t bytes) const {
  return ReserveFrom(options_.answers, bytes);
}

void QueryContext::GiveBack(size_t bytes) const {
  base::MutexLock lock(memory_mutex_);
  memory_.Shrink(bytes);
}

size_t QueryContext::reserved_bytes() const {
  base::MutexLock lock(memory_mutex_);
  return memory_.bytes();
}

void QueryContext::Inspect(uint64_t spans, uint64_t bytes) const {
  spans_.fetch_add(spans, std::memory_order_relaxed);
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (!options_.progress) return;
  base::MutexLock lock(progress_mutex_);
  options_.progress(inspected());
}

void QueryContext::NoteUnreadable(uint64_t place, uint64_t spans) const {
  base::MutexLock lock(unreadable_mutex_);
  if (unreadable_places_.insert(place).second) unreadable_ += spans;
}

uint64_t QueryContext::unreadable_spans() const {
  base::MutexLock lock(unreadable_mutex_);
  return unreadable_;
}

Inspected QueryContext::inspected() const {
  return {spans_.load(std::memory_order_relaxed), bytes_.load(std::memory_order_relaxed)};
}

}  // namespace spandrel::storage
