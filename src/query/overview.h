// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "query/trace_search.h"
#include "storage/store.h"

namespace spandrel::query {

inline constexpr size_t kMaxOverviewColumns = 1000;
inline constexpr int kMaxOverviewRows = 48;

// How the traces that match a filter spread over time and duration.
struct Overview {
  struct Cell {
    uint32_t column = 0;
    uint32_t row = 0;
    uint64_t count = 0;
  };

  uint64_t trace_count = 0;
  uint64_t error_count = 0;
  uint64_t p50_nano = 0;
  uint64_t p95_nano = 0;
  uint64_t p99_nano = 0;
  uint64_t from_unix_nano = 0;
  uint64_t step_nano = 0;
  size_t columns = 0;
  // Row r holds durations in (bounds[r], bounds[r + 1]]; row 0 also those of 0 and 1 ns. Bounds
  // grow by the same factor, a power of 2^(1/32), but for rounding. Empty when nothing matches.
  std::vector<uint64_t> row_bounds_nano;
  std::vector<Cell> cells;       // those that are not empty, by column and row
  std::vector<uint64_t> errors;  // traces with an error, per column
};

// Counts over all matching traces. INVALID_ARGUMENT when `columns` is 0 or above the limit or the
// filter's time range is empty.
base::Result<Overview> LoadOverview(const storage::QueryContext& context, storage::Reader& reader,
                                    const TraceFilter& filter, size_t columns);

}  // namespace spandrel::query
