// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "sdk/sampling/sampling.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

class JaegerSampler;

// The decision whether a new span is recorded. The simple samplers are answered inline by Sample;
// SampleWith answers for all. Thread-safe.
class Sampler {
 public:
  explicit Sampler(const SamplerOptions& options, std::string_view service_name = {});
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler();

  // Always on, always off or by ratio, and a parent that is followed: Sample is enough.
  bool simple() const { return node_ == nullptr; }

  // Only when `simple`. `random` is the last 8 bytes of the trace id, as a big-endian number.
  bool Sample(bool has_parent, bool parent_sampled, uint64_t random) const {
    if (has_parent && parent_based_) return parent_sampled;
    return (random >> 1) < threshold_;
  }
  SampleResult SampleWith(const SamplingInput& input) const;

  // Ends what runs in the background; decisions go on as they stand.
  void Stop();
  // Around fork; in the child the parent's connections are leaked and made anew when needed.
  void LockForFork();
  void UnlockAfterFork();
  void ResetInChild();

 private:
  const uint64_t threshold_;
  const bool parent_based_;
  std::vector<JaegerSampler*> remotes_;  // owned by the tree below node_
  std::unique_ptr<SamplerNode> node_;    // null when simple
};

}  // namespace spandrel::sdk
