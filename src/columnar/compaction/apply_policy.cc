// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/apply_policy.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "columnar/compaction/merge.h"
#include "columnar/compaction/trace_facts.h"
#include "columnar/hash/content_hash.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

// Traces are looked for at least so far away.
constexpr std::chrono::hours kShortestReach{1};

// Decides about all traces of one part. One thread.
class TraceJudge {
 public:
  TraceJudge(const PartPtr& part, const PolicyOptions& options)
      : part_(part), policy_(options), offered_(part->footer().groups.size()) {}

  Status OfferAll(const FactsCollector& facts) {
    for (uint32_t g = 0; g < offered_.size(); ++g) SPANDREL_RETURN_IF_ERROR(Offer(facts, g));
    return {};
  }

  // After all were offered: what stays of each row group.
  Result<std::vector<KeptTraces>> DecideAll() {
    std::vector<KeptTraces> kept;
    for (uint32_t g = 0; g < offered_.size(); ++g) {
      Result<KeptTraces> of_group = Decide(g);
      if (!of_group.ok()) return of_group.status();
      kept.push_back(*std::move(of_group));
    }
    return kept;
  }

  const PolicyResult& counts() const { return counts_; }
  PolicyRecord TakeRecord() {
    return {counts_.dropped_spans, counts_.traces[static_cast<size_t>(PolicyOutcome::kDropped)],
            std::move(left_elsewhere_)};
  }

 private:
  struct Offered {
    PolicyDecision decision;
    bool is_elsewhere = false;
  };

  Status Offer(const FactsCollector& collector, uint32_t g) {
    const auto facts = collector.OfGroup(g);
    if (!facts.ok()) return facts.status();
    const Result<RowGroupPtr> group = part_->Group(g);
    if (!group.ok()) return group.status();
    const auto ids = (*group)->TraceIds();
    if (!ids.ok()) return ids.status();
    for (uint32_t i = 0; i < facts->size(); ++i) {
      const TraceFacts& trace = (*facts)[i];
      offered_[g].push_back({policy_.Offer((*ids)[i], trace), trace.is_elsewhere});
    }
    return {};
  }

  Result<KeptTraces> Decide(uint32_t g) {
    const Result<RowGroupPtr> group = part_->Group(g);
    if (!group.ok()) return group.status();
    const auto ids = (*group)->TraceIds();
    if (!ids.ok()) return ids.status();
    const auto first_rows = (*group)->FirstRows();
    if (!first_rows.ok()) return first_rows.status();
    KeptTraces kept;
    for (uint32_t i = 0; i < offered_[g].size(); ++i) {
      const auto& [offered, is_elsewhere] = offered_[g][i];
      const PolicyDecision decision = policy_.Decide((*ids)[i], offered);
      const uint32_t rows = (**first_rows)[i + 1] - (**first_rows)[i];
      const bool is_dropped = decision.weight == 0;
      if (is_dropped && is_elsewhere) left_elsewhere_.push_back(TraceIdHash((*ids)[i]));
      ++counts_.traces[static_cast<size_t>(decision.outcome)];
      (is_dropped ? counts_.dropped_spans : counts_.kept_spans) += rows;
      kept.rows += is_dropped ? 0 : rows;
      kept.weights.push_back(decision.weight);
    }
    return kept;
  }

  const PartPtr part_;
  TracePolicy policy_;
  std::vector<std::vector<Offered>> offered_;  // of each row group and trace
  std::vector<uint64_t> left_elsewhere_;
  PolicyResult counts_;
};

}  // namespace

Result<PolicyResult> ApplyPolicy(const PartPtr& part, const std::vector<PartPtr>& parts,
                                 const PolicyOptions& options, const std::string& path) {
  std::optional<Matcher> matching;
  if (!options.keep_matching.empty()) {
    Result<Matcher> made = MatcherOf(options.keep_matching);
    if (!made.ok()) return made.status();
    matching = std::move(*made);
  }
  const std::chrono::nanoseconds reach =
      std::max<std::chrono::nanoseconds>(options.keep_whole_for, kShortestReach);
  TraceJudge judge(part, options);
  SPANDREL_RETURN_IF_ERROR(
      judge.OfferAll(FactsCollector(part, parts, matching ? &*matching : nullptr, reach)));
  const Result<std::vector<KeptTraces>> kept = judge.DecideAll();
  if (!kept.ok()) return kept.status();
  if (judge.counts().kept_spans > 0) {
    SPANDREL_RETURN_IF_ERROR(RewritePart(part, *kept, judge.TakeRecord(), path));
  }
  return judge.counts();
}

}  // namespace spandrel::columnar
