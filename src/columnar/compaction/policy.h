// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "columnar/options.h"

namespace spandrel::columnar {

// What the policies know of a part.
struct PartFacts {
  uint64_t bytes = 0;
  uint64_t spans = 0;
  uint64_t dictionary_bytes = 0;
  uint64_t min_start = 0;
  uint64_t max_start = 0;
};

// Which parts to merge next, as positions in `parts`; empty when there is nothing to do. Parts of
// similar size (within a factor of four) are merged, the oldest first, once `merge_fan_in` have
// come together, so that a span is rewritten a few times at most and the number of parts stays
// bounded.
std::vector<size_t> ChooseMerge(const std::vector<PartFacts>& parts, const EngineOptions& options);

// Which parts are to be dropped by age and by total size.
std::vector<size_t> ChooseExpired(const std::vector<PartFacts>& parts, uint64_t now_unix_nano,
                                  const EngineOptions& options);

}  // namespace spandrel::columnar
