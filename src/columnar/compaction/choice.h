// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "columnar/options/options.h"

namespace spandrel::columnar {

// What the policies know of a part.
struct PartFacts {
  uint64_t bytes = 0;
  uint64_t spans = 0;
  uint64_t dictionary_bytes = 0;
  uint64_t min_start = 0;
  uint64_t max_start = 0;
  bool policy_applied = false;
};

// Which parts to merge next, as positions in `parts`; empty when there is nothing to do. Parts of
// similar size (within a factor of four) are merged, the oldest first, once `merge_fan_in` have
// come together, so that a span is rewritten a few times at most and the number of parts stays
// bounded. Judged parts are merged with judged parts only, so that none is judged twice.
std::vector<size_t> ChooseMerge(const std::vector<PartFacts>& parts, const EngineOptions& options);

// Why retention drops spans: a whole part, or by policy traces of a part.
enum class ExpiryReason : uint8_t { kAge, kBytes, kFreeDisk, kPolicy };
inline constexpr size_t kExpiryReasonCount = 4;
// "age", "bytes", "free_disk", "policy".
std::string_view ExpiryReasonName(ExpiryReason reason);

struct ExpiredPart {
  size_t at = 0;  // position in `parts`
  ExpiryReason reason = ExpiryReason::kAge;
  friend bool operator==(const ExpiredPart&, const ExpiredPart&) = default;
};

// What retention is decided by, beside the parts and the options.
struct RetentionFacts {
  uint64_t now_unix_nano = 0;  // by the retention clock
  uint64_t free_disk_bytes = UINT64_MAX;
  uint64_t min_free_bytes = 0;
};

// A store that is smaller is not what fills a disk, so it drops nothing for free disk space.
inline constexpr uint64_t kKeptOnFullDisk = uint64_t{256} << 20;

// Which parts are to be dropped, the oldest first: those whose newest span is older than
// `max_age`, those over `max_bytes`, and those whose room is needed to have `min_free_bytes` free.
std::vector<ExpiredPart> ChooseExpired(const std::vector<PartFacts>& parts,
                                       const RetentionFacts& facts, const EngineOptions& options);

// The oldest part that has left the hot window of the policy and is not judged yet.
std::optional<size_t> ChooseForPolicy(const std::vector<PartFacts>& parts, uint64_t now_unix_nano,
                                      const PolicyOptions& options);

// The retention clock says what time it is for retention by age. It trusts neither the wall clock
// nor the spans: it runs with the steady clock, and what it is behind the wall clock (the store was
// closed, the machine slept, the wall clock was set forward) it makes up at the same pace again. So
// a jump of the wall clock makes spans older by no more than the time that has passed since.
//
// Where it starts: where it stood when the store was closed (`saved`, 0 when that is not known);
// else at the wall clock in a store without parts, and at the newest span, but not in the future,
// in one with parts.
uint64_t StartRetentionClock(uint64_t saved, const std::vector<PartFacts>& parts,
                             uint64_t wall_unix_nano);
// Where it stands after `elapsed` on the steady clock. Never goes back; stands still while the wall
// clock is behind it.
uint64_t AdvanceRetentionClock(uint64_t clock, std::chrono::nanoseconds elapsed,
                               uint64_t wall_unix_nano);

}  // namespace spandrel::columnar
