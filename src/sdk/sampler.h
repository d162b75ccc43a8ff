// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include "spandrel/sdk.h"

namespace spandrel::sdk {

// The decision whether a new span is recorded. Immutable.
class Sampler {
 public:
  explicit Sampler(const SamplerOptions& options)
      : threshold_(Threshold(options)), parent_based_(options.parent_based) {}

  // `random` is the last 8 bytes of the trace id, read as a big-endian number.
  bool Sample(bool has_parent, bool parent_sampled, uint64_t random) const {
    if (has_parent && parent_based_) return parent_sampled;
    return (random >> 1) < threshold_;
  }

 private:
  // Of 2^63 trace ids, those below it are kept.
  static uint64_t Threshold(const SamplerOptions& options) {
    constexpr uint64_t kAll = uint64_t{1} << 63;
    if (options.root == SamplerOptions::Root::kAlwaysOff) return 0;
    if (options.root == SamplerOptions::Root::kAlwaysOn || options.ratio >= 1) return kAll;
    return options.ratio > 0 ? static_cast<uint64_t>(std::ldexp(options.ratio, 63)) : 0;
  }

  const uint64_t threshold_;
  const bool parent_based_;
};

}  // namespace spandrel::sdk
