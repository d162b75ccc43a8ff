// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace spandrel::storage {

// Half-open: min <= start time < max.
struct TimeRange {
  uint64_t min_unix_nano = 0;
  uint64_t max_unix_nano = UINT64_MAX;
  bool Contains(uint64_t time) const { return time >= min_unix_nano && time < max_unix_nano; }
};

}  // namespace spandrel::storage
