// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "columnar/read/scan/scan.h"
#include "columnar/read/scan/trace_ids.h"

namespace spandrel::columnar {

// Start, end and errors of a trace over all its stored spans.
struct TraceTotals {
  uint64_t min_start = UINT64_MAX;
  uint64_t max_end = 0;
  bool has_error = false;
  uint16_t weight = 1;  // how many traces it stands for

  uint64_t duration_nano() const { return max_end > min_start ? max_end - min_start : 0; }
};

struct TotalsOfTraces {
  TraceIdList ids;                  // in order
  std::vector<TraceTotals> totals;  // of each
};

// The totals of all traces with a matching span, in two passes: which traces they are, then the
// trace records of every part and the spans of every head. What they take is reserved in `memory`.
base::Result<TotalsOfTraces> TotalsOfMatchingTraces(Scan& scan, const Matcher& matcher,
                                                    storage::QueryMemory* memory);

}  // namespace spandrel::columnar
