// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sdk/process/thread_state.h"

namespace spandrel::sdk {

// The processor's counter and the kernel's clock at one moment.
struct ClockReading {
  uint64_t ticks = 0;
  int64_t nanos = 0;
};

// How fast the counter runs beside the clock. A reading is good to some 50 ns, so a rate is as good
// as it was measured long, and each thread believes it for so long before it looks at the clock
// again: that doubles the error of a reading, and no more. So a rate is there 20 us after the first
// reading, and it gets better at each of the few readings until it was measured over 100 ms; from
// then on it is measured anew every 100 ms. For one thread at a time.
class CounterRate {
 public:
  struct Rate {
    uint64_t nanos_per_tick = 0;  // times 2^32; 0: not known
    int64_t measured_over = 0;    // nanoseconds
  };

  // The rate to go on with after this reading, which is used to measure it.
  Rate At(const ClockReading& now);

 private:
  bool IsPlausible(const Rate& measured) const;

  ClockReading base_;
  Rate rate_;
};

// Sets the thread's clock to the reading and the rate and returns the time. A thread's clock that
// was ahead of the kernel's does not step back, unless by more than 2.5 ms, say after the machine
// has slept: it goes slower until it is level. Without a rate the clock is left as it is.
int64_t SetClock(ThreadClock& clock, const ClockReading& now, const CounterRate::Rate& rate);

}  // namespace spandrel::sdk
