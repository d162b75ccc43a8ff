// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "columnar/compaction/trace_policy.h"
#include "columnar/part/read/part.h"
#include "columnar/read/match/matcher.h"

namespace spandrel::columnar {

// What matches is kept: a span with one of the attributes. INVALID_ARGUMENT when there are too many
// of them.
base::Result<Matcher> MatcherOf(const std::vector<PolicyOptions::Match>& wanted);

// Collects the facts of the traces of one part, over all their spans in the parts of a store. One
// thread.
class FactsCollector {
 public:
  // `part` is one of `parts`. Traces are looked for in row groups whose spans start within `reach`
  // of the part's. `matching` is nullptr when no attributes are asked for, and outlives the
  // collector.
  FactsCollector(PartPtr part, const std::vector<PartPtr>& parts, const Matcher* matching,
                 std::chrono::nanoseconds reach);

  // Of each trace of a row group of the part. Where another row group cannot be read, the facts of
  // traces that may be in it are uncertain. DATA_LOSS when this one cannot be read, which the part
  // is told.
  base::Result<std::vector<TraceFacts>> OfGroup(uint32_t group) const;

 private:
  struct Place {
    PartPtr part;
    uint32_t group = 0;
  };

  bool IsNear(const GroupRecord& group) const;
  base::Result<std::vector<TraceFacts>> Collect(uint32_t group) const;

  const PartPtr part_;
  const Matcher* const matching_;
  const uint64_t reach_nano_;
  std::vector<Place> shared_;      // the row groups that may have traces of the part
  std::vector<uint64_t> dropped_;  // PolicyRecord::left_elsewhere of all parts, ascending
};

}  // namespace spandrel::columnar
