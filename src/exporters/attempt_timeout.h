// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace spandrel::exporters {

// The time limit of one call as net wants it: 0 stands for "no limit" in a configuration.
inline std::chrono::milliseconds AttemptTimeout(std::chrono::nanoseconds timeout) {
  if (timeout.count() <= 0) return std::chrono::hours(24);
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(timeout),
                  std::chrono::milliseconds(1));
}

}  // namespace spandrel::exporters
