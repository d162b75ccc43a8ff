// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "storage/store.h"

namespace spandrel::server {

// How the ceiling of the process is divided. The shares are added up to it.
struct MemoryDivision {
  size_t ceiling = 0;
  size_t fixed = 0;       // the program, stacks, connections, buffers of the log
  size_t requests = 0;    // bodies, batches on their way through the pipelines
  size_t heads = 0;       // spans that are stored and not in a part yet
  size_t background = 0;  // sealing and merging
  size_t reads = 0;       // queries: regular expressions, candidates, groups, spans
  size_t answers = 0;     // encoded and not sent yet
  size_t open_parts = 0;  // what stays open of parts, for the next query
};

// The least ceiling under which everything works.
inline constexpr size_t kLeastMemoryMib = 64;

MemoryDivision Divide(size_t ceiling);

// What --memory-mib asks for; 0: four fifths of what a control group allows, else a quarter of the
// machine. INVALID_ARGUMENT when that is below the least.
base::Result<size_t> MemoryCeiling(uint64_t asked_mib);

// The ceiling that the control groups of this process set (version 2, else 1); 0: none. `root` is
// the root of the file system.
size_t ControlGroupLimit(const std::string& root = "");

// The budgets of the shares. A share that is used up refuses; it never takes from another one.
struct MemoryShares {
  MemoryShares(size_t ceiling, base::MetricRegistry& metrics);

  const MemoryDivision division;
  // Requests, and the bytes of the spans in heads, which were reserved as requests.
  base::ByteBudget requests;
  base::ByteBudget heads;
  base::ByteBudget reads;
  base::ByteBudget answers;
  base::ByteBudget open_parts;

  storage::StoreMemory OfStores();

 private:
  const std::vector<std::shared_ptr<void>> gauges_;
};

}  // namespace spandrel::server
