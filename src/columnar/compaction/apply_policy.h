// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/compaction/trace_policy.h"
#include "columnar/options/options.h"
#include "columnar/part/read/part.h"

namespace spandrel::columnar {

struct PolicyResult {
  uint64_t kept_spans = 0;
  uint64_t dropped_spans = 0;
  std::array<uint64_t, kPolicyOutcomeCount> traces{};  // by outcome
};

// Writes what the policy keeps of `part`, one of `parts`, as one judged part file and syncs it; no
// file when nothing is kept. DATA_LOSS when the part is damaged.
base::Result<PolicyResult> ApplyPolicy(const PartPtr& part, const std::vector<PartPtr>& parts,
                                       const PolicyOptions& options, const std::string& path);

}  // namespace spandrel::columnar
