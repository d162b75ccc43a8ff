// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/metrics.h"
#include "columnar/part/read/part.h"

namespace spandrel::columnar {

// Reads the parts of one tenant through, a little at a time, so that damage is found while it can
// be mended. A round begins a day after the last one began. Where it stands is not kept on disk:
// after a start the first round begins with a part that is chosen at random, so that a store which
// is started often has all its parts read too. One thread.
class Scrub {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Scrub(base::MetricRegistry& metrics);

  // Looks at up to `*budget` bytes, which are taken off it.
  void Run(const std::vector<PartPtr>& parts, TimePoint now, uint64_t* budget);

 private:
  // False when the budget is spent before the end of the part.
  bool Finish(const Part& part, uint64_t* budget);
  void Spend(uint64_t bytes, uint64_t* budget);

  base::Counter& scrubbed_;
  std::optional<TimePoint> next_round_;
  // What of the round is left, the next one last; a part may be gone when its turn comes.
  std::vector<uint64_t> left_;
  size_t next_page_ = 0;  // of the next part
};

}  // namespace spandrel::columnar
