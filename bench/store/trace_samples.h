// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <random>
#include <vector>

#include "storage/store.h"

namespace spandrel::bench {

// The times of what a store holds.
base::Result<storage::TimeRange> RangeOf(storage::Reader& store);

// Ids of about `count` traces at random places of the range, long and short ones as often as they
// are there. The same for the same store.
base::Result<std::vector<span::TraceId>> SampleTraces(storage::Reader& store,
                                                      storage::TimeRange range, size_t count);

// A trace of at least `min_spans` spans; nothing when a thousand places have none.
base::Result<std::optional<span::TraceId>> FindLargeTrace(storage::Reader& store,
                                                          storage::TimeRange range,
                                                          uint64_t min_spans);

}  // namespace spandrel::bench
