// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "sdk/process/thread_state.h"

namespace spandrel::sdk {

// CLOCK_MONOTONIC as the kernel tells it, in nanoseconds.
int64_t KernelSteadyNanos();

// Takes the first reading, so that no span waits for it. To be called before the first span; what
// is not called here is done by the first spans.
void StartClock();

// The thread's reading of the clock has to be taken anew. Returns the time.
int64_t RenewClock(ThreadClock& clock);

// CLOCK_MONOTONIC in nanoseconds. Where the kernel itself keeps its time by the processor's time
// stamp counter, the counter is read here too, which takes a third of the time of asking the
// kernel; every thread compares it with the kernel's clock again after 10 ms, or less while the
// process is young (counter_rate.h), between which it may be off by some 100 ns, or by 5 us while
// the kernel slews its clock. It does not go back on a thread.
inline int64_t SteadyNanos() {
#if defined(__x86_64__)
  ThreadClock& clock = t_thread.clock;
  const uint64_t ticks = __rdtsc() - clock.ticks;
  if (ticks < clock.valid_ticks) [[likely]] {
    return clock.nanos + static_cast<int64_t>(ticks * clock.nanos_per_tick >> 32);
  }
  return RenewClock(clock);
#else
  return KernelSteadyNanos();
#endif
}

// What to add to a steady time to get a Unix time. Measured again when `steady_now` is more than a
// second after the last time, so that a step of the system's clock, or a sleep, is followed within
// a second.
int64_t UnixOffset(int64_t steady_now);

}  // namespace spandrel::sdk
