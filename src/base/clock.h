// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace spandrel::base {

// Time for whoever must be testable: wall time in nanoseconds since the Unix epoch, and a steady
// time for timers. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual uint64_t NowUnixNano() const = 0;
  virtual std::chrono::steady_clock::time_point NowSteady() const = 0;
};

// The system's clocks. Lives as long as the process.
const Clock& SystemClock();

}  // namespace spandrel::base
