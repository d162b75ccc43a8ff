// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <algorithm>
#include <vector>

// What the benchmarks of the tracing library measure with.
namespace spandrel::bench {

inline double ReadNanos(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}
inline double ThreadCpuNanos() {
  return ReadNanos(CLOCK_THREAD_CPUTIME_ID);
}
inline double ProcessCpuNanos() {
  return ReadNanos(CLOCK_PROCESS_CPUTIME_ID);
}

// Of at least one value.
inline double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

}  // namespace spandrel::bench
