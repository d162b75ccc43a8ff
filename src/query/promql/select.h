// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "promql/ast.h"
#include "query/promql/values.h"
#include "storage/query_context.h"
#include "storage/reader.h"

namespace spandrel::query {

inline constexpr size_t kMaxPromSeries = 20'000;  // of one selector

enum class CounterReading : uint8_t {
  kValue,     // how many there were so far
  kIncrease,  // how many there were in the range
  kRate,      // the same in a second
};

struct Selection {
  const promql::Selector& selector;
  CounterReading reading = CounterReading::kValue;
  Instants points;
  // Labels that matter to whoever takes the series; null: all. Series that differ in others only
  // may be added up.
  const promql::LabelChoice* kept = nullptr;
};

// The series of a selector, counted in the store. A counter at t is the number of stored spans
// that begin at t or before; what a range of w ends with at t are those that begin after t - w and
// not after t, all of them, so nothing is extrapolated. With a range a series has a value, 0 too,
// at every point when it has one at any; without one from its first span on. Memory for what comes
// back is taken of `memory`.
//
// RESOURCE_EXHAUSTED for more than kMaxPromSeries, INVALID_ARGUMENT for a range that begins before
// 1970.
base::Result<PromVector> Select(const storage::QueryContext& context, storage::Reader& reader,
                                const Selection& selection, storage::QueryMemory* memory);

}  // namespace spandrel::query
