// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "pipeline/timer.h"

namespace spandrel::pipeline {

// A timer for tests: time stands still until it is advanced. One thread.
class ManualTimer final : public Timer {
 public:
  TimePoint Now() const override { return now_; }
  void RunAt(TimePoint when, std::function<void()> work) override {
    work_.emplace(when, std::move(work));
  }

  // Moves time on, running what falls due in its order, each at its own time.
  void Advance(std::chrono::nanoseconds by) {
    const TimePoint end = now_ + by;
    while (!work_.empty() && work_.begin()->first <= end) {
      auto due = work_.extract(work_.begin());
      if (due.key() > now_) now_ = due.key();
      due.mapped()();
    }
    now_ = end;
  }

 private:
  TimePoint now_{std::chrono::hours(1)};
  std::multimap<TimePoint, std::function<void()>> work_;
};

}  // namespace spandrel::pipeline
