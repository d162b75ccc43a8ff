// SPDX-License-Identifier: Apache-2.0
#include "sdk/sampling/probability_sampler.h"

#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "sdk/sampling/trace_state_text.h"

namespace spandrel::sdk {

uint64_t RejectionThreshold(double ratio) {
  constexpr int kDigits = 14;
  constexpr int kSignificant = 4;
  if (!(ratio >= std::ldexp(1.0, -56))) return kAllRandomValues;
  if (ratio >= 1) return 0;
  const auto exact = kAllRandomValues - static_cast<uint64_t>(std::ldexp(ratio, 56));
  // Small ratios have thresholds like fff8...: the digits count behind the leading fs.
  int leading = 0;
  while (leading < kDigits && (exact >> 4 * (kDigits - 1 - leading) & 0xF) == 0xF) ++leading;
  const int cut = 4 * (kDigits - leading - kSignificant);
  if (cut <= 0) return exact;
  const uint64_t rounded = (exact + (uint64_t{1} << (cut - 1))) >> cut << cut;
  return rounded < kAllRandomValues ? rounded : exact;
}

ProbabilitySampler::ProbabilitySampler(double ratio) : threshold_(RejectionThreshold(ratio)) {}

SampleResult ProbabilitySampler::Sample(const SamplingInput& input) const {
  const OtTraceState state = ReadOtTraceState(input.trace_state);
  const uint64_t random = state.random.value_or(input.random & (kAllRandomValues - 1));
  SampleResult result;
  result.sampled = random >= threshold_;
  const auto threshold = result.sampled ? std::optional<uint64_t>(threshold_) : std::nullopt;
  if (threshold != state.threshold) {
    result.trace_state =
        std::make_shared<const std::string>(WithThreshold(input.trace_state, threshold));
  }
  return result;
}

}  // namespace spandrel::sdk
