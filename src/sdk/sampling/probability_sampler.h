// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sdk/sampling/sampling.h"

namespace spandrel::sdk {

// SamplerOptions::Root::kProbability.
class ProbabilitySampler final : public SamplerNode {
 public:
  explicit ProbabilitySampler(double ratio);
  SampleResult Sample(const SamplingInput& input) const override;

 private:
  const uint64_t threshold_;  // kAllRandomValues: keeps nothing
};

// The threshold that keeps `ratio` of all traces, with four significant hex digits.
uint64_t RejectionThreshold(double ratio);

}  // namespace spandrel::sdk
