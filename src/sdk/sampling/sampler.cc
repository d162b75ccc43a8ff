// SPDX-License-Identifier: Apache-2.0
#include "sdk/sampling/sampler.h"

#include <string>
#include <utility>
#include <vector>

#include "sdk/sampling/jaeger_sampler.h"
#include "sdk/sampling/probability_sampler.h"
#include "sdk/sampling/rate_limit.h"
#include "sdk/sampling/rule_sampler.h"

namespace spandrel::sdk {
namespace {

using Root = SamplerOptions::Root;

// By ratio, and with the thresholds at its ends always on and always off.
class IdSampler final : public SamplerNode {
 public:
  explicit IdSampler(uint64_t threshold) : threshold_(threshold) {}
  SampleResult Sample(const SamplingInput& input) const override {
    return {(input.random >> 1) < threshold_, {}, nullptr};
  }

 private:
  const uint64_t threshold_;
};

class RateSampler final : public SamplerNode {
 public:
  explicit RateSampler(double per_second) : limit_(per_second) {}
  SampleResult Sample(const SamplingInput&) const override { return {limit_.Allow(), {}, nullptr}; }

 private:
  mutable RateLimit limit_;
};

class ParentSampler final : public SamplerNode {
 public:
  using Node = std::unique_ptr<SamplerNode>;
  struct Slots {
    Node root;  // the others may be null: the parent's decision
    Node remote_sampled;
    Node remote_not_sampled;
    Node local_sampled;
    Node local_not_sampled;
  };
  explicit ParentSampler(Slots slots) : slots_(std::move(slots)) {}

  SampleResult Sample(const SamplingInput& input) const override {
    if (!input.has_parent) return slots_.root->Sample(input);
    const Node& slot = SlotFor(input);
    if (slot == nullptr) return {input.parent_sampled, {}, nullptr};
    return slot->Sample(input);
  }

 private:
  const Node& SlotFor(const SamplingInput& input) const {
    if (input.parent_remote) {
      return input.parent_sampled ? slots_.remote_sampled : slots_.remote_not_sampled;
    }
    return input.parent_sampled ? slots_.local_sampled : slots_.local_not_sampled;
  }

  const Slots slots_;
};

uint64_t ThresholdOf(const SamplerOptions& options) {
  if (options.root == Root::kAlwaysOff) return 0;
  return IdThreshold(options.root == Root::kAlwaysOn ? 1 : options.ratio);
}

// Builds the tree as the options say; its depth is that of the options.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view service_name, std::vector<JaegerSampler*>& remotes)
      : service_name_(service_name), remotes_(remotes) {}

  std::unique_ptr<SamplerNode> Build(const SamplerOptions& options) {
    if (!options.parent_based) return BuildRoot(options);
    return std::make_unique<ParentSampler>(ParentSampler::Slots{
        BuildRoot(options), BuildSlot(options.remote_parent_sampled),
        BuildSlot(options.remote_parent_not_sampled), BuildSlot(options.local_parent_sampled),
        BuildSlot(options.local_parent_not_sampled)});
  }

 private:
  std::unique_ptr<SamplerNode> BuildSlot(const std::shared_ptr<const SamplerOptions>& options) {
    if (options == nullptr) return nullptr;
    return BuildRoot(*options);
  }
  std::unique_ptr<SamplerNode> BuildRoot(const SamplerOptions& options) {
    switch (options.root) {
      case Root::kProbability:
        return std::make_unique<ProbabilitySampler>(options.ratio);
      case Root::kRateLimit:
        return std::make_unique<RateSampler>(options.spans_per_second);
      case Root::kRules:
        return BuildRules(options.rules);
      case Root::kJaegerRemote:
        return BuildRemote(options.jaeger_remote);
      case Root::kAlwaysOn:
      case Root::kAlwaysOff:
      case Root::kTraceIdRatio:
        break;
    }
    return std::make_unique<IdSampler>(ThresholdOf(options));
  }
  std::unique_ptr<SamplerNode> BuildRules(const std::vector<SamplerRule>& rules) {
    std::vector<RuleSampler::Rule> built;
    built.reserve(rules.size());
    for (const SamplerRule& rule : rules) built.push_back({rule, Build(rule.sampler)});
    return std::make_unique<RuleSampler>(std::move(built));
  }
  std::unique_ptr<SamplerNode> BuildRemote(const JaegerRemoteOptions& options) {
    auto sampler = std::make_unique<JaegerSampler>(options, service_name_);
    remotes_.push_back(sampler.get());
    return sampler;
  }

  const std::string_view service_name_;
  std::vector<JaegerSampler*>& remotes_;
};

bool IsSimple(const SamplerOptions& options) {
  const bool simple_root = options.root == Root::kAlwaysOn || options.root == Root::kAlwaysOff ||
                           options.root == Root::kTraceIdRatio;
  const bool slots = options.remote_parent_sampled || options.remote_parent_not_sampled ||
                     options.local_parent_sampled || options.local_parent_not_sampled;
  return simple_root && !(options.parent_based && slots);
}

}  // namespace

Sampler::Sampler(const SamplerOptions& options, std::string_view service_name)
    : threshold_(ThresholdOf(options)), parent_based_(options.parent_based) {
  if (!IsSimple(options)) node_ = TreeBuilder(service_name, remotes_).Build(options);
}

Sampler::~Sampler() = default;

SampleResult Sampler::SampleWith(const SamplingInput& input) const {
  if (node_ != nullptr) return node_->Sample(input);
  return {Sample(input.has_parent, input.parent_sampled, input.random), {}, nullptr};
}

void Sampler::Stop() {
  for (JaegerSampler* remote : remotes_) remote->Stop();
}

void Sampler::LockForFork() {
  for (JaegerSampler* remote : remotes_) remote->LockForFork();
}

void Sampler::UnlockAfterFork() {
  for (JaegerSampler* remote : remotes_) remote->UnlockAfterFork();
}

void Sampler::ResetInChild() {
  for (JaegerSampler* remote : remotes_) remote->ResetInChild();
}

}  // namespace spandrel::sdk
