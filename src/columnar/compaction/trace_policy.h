// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "columnar/options/options.h"
#include "span/ids.h"

namespace spandrel::columnar {

// What the policy knows of a trace: of all its spans, wherever they are stored.
struct TraceFacts {
  bool has_error = false;
  bool is_matching = false;  // one of PolicyOptions::keep_matching
  // True when something of it cannot be read, so that nobody knows whether it should be kept.
  bool is_uncertain = false;
  uint16_t decided = 0;       // what it stands for in a part that is judged already; 0: nothing is
  bool was_dropped = false;   // from a part that is judged already
  bool is_elsewhere = false;  // in a part too that is not judged yet
  uint64_t min_start = UINT64_MAX;
  uint64_t max_end = 0;
  std::vector<uint64_t> operations;  // a hash of each distinct service, name and kind; any order

  uint64_t duration_nano() const { return max_end > min_start ? max_end - min_start : 0; }
};

// What becomes of a trace, and why.
enum class PolicyOutcome : uint8_t {
  kDropped,
  kShare,    // one of many
  kExample,  // of its shape
  kError,
  kSlow,
  kMatching,
  kEarlier,     // as another part of it that is judged already
  kUnreadable,  // TraceFacts::is_uncertain
};
inline constexpr size_t kPolicyOutcomeCount = 8;
// "dropped", "share", ...
std::string_view PolicyOutcomeName(PolicyOutcome outcome);

struct PolicyDecision {
  PolicyOutcome outcome = PolicyOutcome::kDropped;
  uint16_t weight = 0;  // what the trace stands for, 0 when it goes
};

// Decides what stays of the traces of one part, in two rounds: all traces are offered, then each is
// asked about. What is decided depends on the facts and the trace id alone, but for the examples of
// a shape, of which a part has its own. Examples are chosen by another hash than the rest, and
// stand for themselves, so that counts come out right on average. One thread.
class TracePolicy {
 public:
  explicit TracePolicy(const PolicyOptions& options) : options_(options) {}

  // What becomes of a trace unless it is an example. A trace may be offered again.
  PolicyDecision Offer(const span::TraceId& id, const TraceFacts& facts);
  // After the last offer: what becomes of it.
  PolicyDecision Decide(const span::TraceId& id, PolicyDecision offered);

 private:
  struct Stratum {
    uint64_t shape = 0;
    uint64_t hour = 0;
    friend auto operator<=>(const Stratum&, const Stratum&) = default;
  };
  using Example = std::pair<uint64_t, span::TraceId>;

  std::optional<PolicyOutcome> ReasonToKeep(const TraceFacts& facts) const;
  void OfferExample(const span::TraceId& id, const TraceFacts& facts);
  void ChooseExamples();

  const PolicyOptions options_;
  std::map<Stratum, std::vector<Example>> examples_;  // those with the lowest hashes, ascending
  bool are_chosen_ = false;
  std::unordered_set<span::TraceId, span::IdHash> chosen_;
};

}  // namespace spandrel::columnar
