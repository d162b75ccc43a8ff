// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

#include "base/mutex.h"

namespace spandrel::columnar {

// Once sealing is behind, spans should come at the pace at which they are sealed, not in bursts
// whenever a head is done. Tells how far ahead of that pace they are. Thread-safe.
class SealPace {
 public:
  using Clock = std::chrono::steady_clock;

  void NoteSealed(size_t spans, Clock::duration taken);
  void NoteAppended(size_t spans);

  // How long it takes at that pace until spans may come, in `wait`; 0 while less than half of what
  // may be unsealed is. `fullness`: how much of it is, 1 for all.
  double Lateness(double fullness, Clock::duration wait, Clock::time_point now = Clock::now());

 private:
  base::Mutex mutex_;
  double sealed_per_second_ SPANDREL_GUARDED_BY(mutex_) = 0;  // lately; 0: not known
  double ahead_ SPANDREL_GUARDED_BY(mutex_) = 0;              // spans
  Clock::time_point at_ SPANDREL_GUARDED_BY(mutex_);          // when `ahead_` was so
};

}  // namespace spandrel::columnar
