// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "columnar/compaction/apply_policy.h"
#include "columnar/compaction/choice.h"
#include "columnar/options/options.h"
#include "columnar/options/store_layout.h"

namespace spandrel::columnar {

// What `min_free_bytes` comes to on the file system of `directory`; 0 when that cannot be asked.
uint64_t MinFreeBytes(const EngineOptions& options, const std::string& directory);

// Bytes that are free there for who is not root; 0 when that cannot be asked.
uint64_t FreeDiskBytes(const std::string& directory);

// Decides what a store drops: the policies of policy.h with the clocks, the disk and the counters
// around them. The retention clock is kept in a file of the store. One thread.
class Retention {
 public:
  Retention(const EngineOptions& options, StoreLayout layout, base::MetricRegistry& metrics);

  // Starts the clock; before anything else.
  void Start(const std::vector<PartFacts>& parts);
  // Which of `parts` are to be dropped now.
  std::vector<ExpiredPart> Choose(const std::vector<PartFacts>& parts);
  // Which of `parts` is to be judged now, by the clock that Choose has moved.
  std::optional<size_t> ChooseForPolicy(const std::vector<PartFacts>& parts) const;
  // A part has been judged: counts and logs what was dropped, and why traces were kept.
  void CountPolicy(const PolicyResult& result);
  // They have been dropped: counts and logs them.
  void CountDropped(const std::vector<PartFacts>& parts, const std::vector<ExpiredPart>& dropped);

  // Keeps the retention clock on disk. Best effort: what is lost of it makes spans stay longer.
  void Save();

 private:
  void MoveClock();
  uint64_t Now() const;
  RetentionFacts Facts() const;

  const EngineOptions options_;
  const StoreLayout layout_;
  std::array<base::Counter*, kExpiryReasonCount> expired_spans_{};
  std::array<base::Counter*, kPolicyOutcomeCount> policy_traces_{};
  uint64_t clock_ = 0;
  uint64_t saved_ = 0;
  std::chrono::steady_clock::time_point moved_at_;
};

}  // namespace spandrel::columnar
