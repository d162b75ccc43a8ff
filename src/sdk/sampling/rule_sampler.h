// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "sdk/sampling/sampling.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

// SamplerOptions::Root::kRules: the sampler of the first rule that matches.
class RuleSampler final : public SamplerNode {
 public:
  struct Rule {
    SamplerRule conditions;
    std::unique_ptr<SamplerNode> sampler;
  };
  explicit RuleSampler(std::vector<Rule> rules) : rules_(std::move(rules)) {}
  SampleResult Sample(const SamplingInput& input) const override;

 private:
  const std::vector<Rule> rules_;
};

// `*` in the pattern stands for any text.
bool MatchesPattern(std::string_view pattern, std::string_view text);

}  // namespace spandrel::sdk
