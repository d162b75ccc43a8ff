// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/trace_policy.h"

#include <xxhash.h>

#include <algorithm>
#include <array>

namespace spandrel::columnar {
namespace {

constexpr uint64_t kHourNano = 3'600'000'000'000;
// Shapes beyond this many, which only a sender without sense makes, share one.
constexpr size_t kMaxStrata = 64 * 1024;
constexpr uint64_t kOtherShapes = 0;

// Two choices that know nothing of one another; they stay as they are, so that a trace is always
// treated alike.
constexpr uint64_t kSeedOfExamples = 1;
constexpr uint64_t kSeedOfRest = 2;

uint64_t HashOf(const span::TraceId& id, uint64_t seed) {
  return XXH3_64bits_withSeed(id.view().data(), id.view().size(), seed);
}

uint64_t ShapeOf(std::vector<uint64_t> operations) {
  std::sort(operations.begin(), operations.end());
  operations.erase(std::unique(operations.begin(), operations.end()), operations.end());
  return XXH3_64bits(operations.data(), operations.size() * sizeof(uint64_t));
}

}  // namespace

std::string_view PolicyOutcomeName(PolicyOutcome outcome) {
  constexpr std::array<std::string_view, kPolicyOutcomeCount> kNames = {
      "dropped", "share", "example", "error", "slow", "matching", "earlier", "unreadable"};
  return kNames[static_cast<size_t>(outcome)];
}

PolicyDecision TracePolicy::Offer(const span::TraceId& id, const TraceFacts& facts) {
  if (facts.decided != 0) return {PolicyOutcome::kEarlier, facts.decided};
  if (const auto reason = ReasonToKeep(facts)) return {*reason, 1};
  // What is left of a dropped trace would look like a rare shape.
  if (!facts.was_dropped) OfferExample(id, facts);
  if (HashOf(id, kSeedOfRest) % options_.keep_one_in != 0) return {};
  return {PolicyOutcome::kShare, options_.keep_one_in};
}

std::optional<PolicyOutcome> TracePolicy::ReasonToKeep(const TraceFacts& facts) const {
  const auto slow = static_cast<uint64_t>(options_.keep_slower_than.count());
  if (options_.keep_errors && facts.has_error) return PolicyOutcome::kError;
  if (slow != 0 && facts.duration_nano() > slow) return PolicyOutcome::kSlow;
  if (facts.is_matching) return PolicyOutcome::kMatching;
  if (facts.is_uncertain) return PolicyOutcome::kUnreadable;
  return std::nullopt;
}

void TracePolicy::OfferExample(const span::TraceId& id, const TraceFacts& facts) {
  const size_t wanted = options_.keep_per_shape_and_hour;
  if (wanted == 0) return;
  Stratum stratum{ShapeOf(facts.operations), facts.min_start / kHourNano};
  if (examples_.size() >= kMaxStrata && !examples_.contains(stratum)) {
    stratum = {kOtherShapes, 0};
  }
  std::vector<Example>& examples = examples_[stratum];
  const Example offered(HashOf(id, kSeedOfExamples), id);
  const auto at = std::lower_bound(examples.begin(), examples.end(), offered);
  if (at != examples.end() && *at == offered) return;
  if (examples.size() == wanted && at == examples.end()) return;
  examples.insert(at, offered);
  if (examples.size() > wanted) examples.pop_back();
}

void TracePolicy::ChooseExamples() {
  for (const auto& [stratum, examples] : examples_) {
    for (const auto& [hash, id] : examples) chosen_.insert(id);
  }
  examples_.clear();
  are_chosen_ = true;
}

PolicyDecision TracePolicy::Decide(const span::TraceId& id, PolicyDecision offered) {
  if (!are_chosen_) ChooseExamples();
  if (chosen_.contains(id)) return {PolicyOutcome::kExample, 1};
  return offered;
}

}  // namespace spandrel::columnar
