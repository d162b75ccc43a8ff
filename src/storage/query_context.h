// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/mutex.h"
#include "base/status.h"

namespace spandrel::storage {

// What a query has looked at so far.
struct Inspected {
  uint64_t spans = 0;
  uint64_t bytes = 0;  // of their messages, as far as these were put together or read
};

struct QueryOptions {
  std::vector<std::string> tenants = {};  // of all of these together; empty: of the only one
  std::optional<std::chrono::steady_clock::time_point> deadline;
  base::ByteBudget* memory = nullptr;   // null: not bounded
  base::ByteBudget* answers = nullptr;  // for what is encoded and not sent yet; null: not bounded
  // Attributes are meant by the very names that are asked for, not by what else they were called.
  bool exact_names = false;
  // True once nobody waits for the answer any more. Asked from any thread, now and then.
  std::function<bool()> is_cancelled;
  // Told after each piece of work, from any thread, never from two at once. Must not block.
  std::function<void(const Inspected&)> progress;
};

// One question on its way through query and store: whose it is, how long and with how much memory
// it may work, and what it has looked at. It outlives every read that it is given to. Thread-safe;
// a read takes it const, since what it counts is no part of the question. A context made by default
// bounds nothing.
class QueryContext {
 public:
  QueryContext() = default;
  explicit QueryContext(QueryOptions options);
  QueryContext(const QueryContext&) = delete;
  QueryContext& operator=(const QueryContext&) = delete;

  const std::vector<std::string>& tenants() const { return options_.tenants; }
  bool exact_names() const { return options_.exact_names; }
  std::optional<std::chrono::steady_clock::time_point> deadline() const {
    return options_.deadline;
  }

  // Ends the work on it as soon as it next asks.
  void Cancel() const { cancelled_.store(true, std::memory_order_relaxed); }
  // Whether to stop: Cancel was called, nobody waits, or the deadline has passed.
  bool cancelled() const { return !Check().ok(); }
  // CANCELLED or DEADLINE_EXCEEDED when the work is to stop. An engine asks before each row group
  // and at least every few thousand rows elsewhere.
  base::Status Check() const;

  // Takes memory for what is about to be read or built, on top of what it has: RESOURCE_EXHAUSTED
  // when the budget has no room now, with a time after which to try again. All of it goes back with
  // the context, some before with GiveBack.
  base::Status Reserve(size_t bytes) const;
  void GiveBack(size_t bytes) const;
  size_t reserved_bytes() const;
  // The same for what may outlive the context, as an answer does that is handed over: it goes back
  // with the reservation, which may grow by itself, and is not among reserved_bytes().
  base::Result<base::ByteBudget::Reservation> ReserveApart(size_t bytes) const;
  // The same for bytes of the answer that are encoded and not sent yet.
  base::Result<base::ByteBudget::Reservation> ReserveAnswer(size_t bytes) const;
  // The answer when there is no room.
  static base::Status OutOfMemory();

  // Counts what was looked at and tells the progress.
  void Inspect(uint64_t spans, uint64_t bytes) const;
  Inspected inspected() const;

  // Says that the answer may lack `spans` spans, since they are damaged where they are stored. The
  // same `place` counts once.
  void NoteUnreadable(uint64_t place, uint64_t spans) const;
  // How many the answer may lack; whoever gives it says so when there are any.
  uint64_t unreadable_spans() const;

 private:
  const QueryOptions options_{};
  mutable std::atomic<bool> cancelled_{false};
  mutable std::atomic<uint64_t> spans_{0};
  mutable std::atomic<uint64_t> bytes_{0};
  mutable base::Mutex unreadable_mutex_;
  mutable std::set<uint64_t> unreadable_places_ SPANDREL_GUARDED_BY(unreadable_mutex_);
  mutable uint64_t unreadable_ SPANDREL_GUARDED_BY(unreadable_mutex_) = 0;
  mutable base::Mutex progress_mutex_;  // held while `progress` is told
  mutable base::Mutex memory_mutex_;
  mutable base::ByteBudget::Reservation memory_ SPANDREL_GUARDED_BY(memory_mutex_);
};

// Memory of a context for as long as something lives. Grows as it is filled.
class QueryMemory {
 public:
  explicit QueryMemory(const QueryContext& context) : context_(context) {}
  QueryMemory(const QueryMemory&) = delete;
  QueryMemory& operator=(const QueryMemory&) = delete;
  ~QueryMemory() { context_.GiveBack(bytes_); }

  base::Status Grow(size_t bytes) {
    SPANDREL_RETURN_IF_ERROR(context_.Reserve(bytes));
    bytes_ += bytes;
    return {};
  }
  // Has room for `bytes` in all from now on. For what grows in small steps: asks the context now
  // and then only.
  base::Status GrowTo(size_t bytes) {
    return bytes <= bytes_ ? base::Status() : Grow(bytes - bytes_ + bytes / 4);
  }
  // Gives back `bytes` of what it has.
  void Shrink(size_t bytes) {
    context_.GiveBack(bytes);
    bytes_ -= bytes;
  }
  size_t bytes() const { return bytes_; }

 private:
  const QueryContext& context_;
  size_t bytes_ = 0;
};

}  // namespace spandrel::storage
