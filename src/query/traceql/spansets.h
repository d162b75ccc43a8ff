// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "query/traceql/plan.h"
#include "query/traceql/structure.h"
#include "storage/query_context.h"
#include "storage/trace_scan.h"

namespace spandrel::query {

// What a stage says of a spanset: `by(name)` and its value, `count()` and its number. A duration is
// text as Go writes it.
using SpansetLabel = std::pair<std::string, storage::OptionalValue>;

// What they take, about.
size_t BytesOf(const std::vector<SpansetLabel>& labels);

// Some spans of a trace, as rows of its slice; never none.
struct Spanset {
  Rows rows;
  std::vector<SpansetLabel> labels;
};

// The spansets that a pipeline makes of one trace, by the rows of its slice:
//   * A filter keeps the rows that it holds of. `&&` gives the rows of all sides if no side is
//     without, `||` those of any side, structural operators as Structure says. A pipeline in
//     parentheses gives the rows of all its spansets.
//   * by() makes a spanset of each first value, an array being its text, in the order in which they
//     come; absent is a value too.
//     coalesce() makes one again.
//   * An aggregate is of the first number that its argument has in each row; without any it is
//     nothing, and no comparison with nothing holds.
class SpansetMaker {
 public:
  // The plan and the context outlive it.
  SpansetMaker(const storage::QueryContext& context, const Plan& plan)
      : context_(context), plan_(plan) {}

  // CANCELLED and the like as the context says. `memory` has what the spansets take, and what was
  // made on the way.
  base::Result<std::vector<Spanset>> Make(const storage::TraceSlice& slice,
                                          storage::QueryMemory& memory) const;

 private:
  class OfTrace;

  const storage::QueryContext& context_;
  const Plan& plan_;
};

}  // namespace spandrel::query
