// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "storage/latency_histogram.h"

namespace spandrel::storage {

// Calls from one service to another: pairs of a span and its parent in another service.
struct Dependency {
  std::string parent;
  std::string child;
  uint64_t call_count = 0;
  uint64_t error_count = 0;  // child spans with status error
  LatencyHistogram latency;  // of the child spans
};

}  // namespace spandrel::storage
