// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

namespace spandrel::pipeline {

// Runs work at a time. Tests bring one whose time they move by hand. Thread-safe.
class Timer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~Timer() = default;
  virtual TimePoint Now() const = 0;
  // Runs `work` once, at `when` or soon after, on the timer's thread. `work` must not block. There
  // is no cancelling: work that may come too late holds a weak pointer to what it is about.
  virtual void RunAt(TimePoint when, std::function<void()> work) = 0;
};

// The process's timer: one thread, started by the first use.
Timer& SystemTimer();

}  // namespace spandrel::pipeline
