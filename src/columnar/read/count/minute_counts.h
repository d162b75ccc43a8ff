// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "columnar/part/format/latency_table.h"
#include "columnar/part/read/part.h"
#include "columnar/read/count/span_groups.h"
#include "storage/evaluate.h"
#include "storage/store.h"

namespace spandrel::columnar {

// Answers an aggregation of spans from the latency tables of row groups, which count spans by
// minute, service and error. A row group can be answered when its services and errors alone decide
// which spans match and how they are grouped, and neither the range nor a time bucket cuts one of
// its minutes in two; the answer is then that of a scan. One thread.
class MinuteCounts {
 public:
  // Whether it is worth asking about row groups at all.
  static bool MayAnswer(const storage::AggregateRequest& request);

  // `evaluator` is of the request's predicate; the others outlive it.
  MinuteCounts(const storage::AggregateRequest& request,
               std::shared_ptr<const storage::Evaluator> evaluator, SpanGroups* groups);

  // Adds all matching spans of a row group and returns true, or adds nothing. `source` is the
  // part's number in this query.
  bool Add(const Part& part, uint32_t source, uint32_t group);

 private:
  // What becomes of the spans of a service.
  struct Verdict {
    bool is_known = true;           // false when it is not the same for all of them
    std::optional<uint32_t> group;  // nothing when they do not match
    friend bool operator==(const Verdict&, const Verdict&) = default;
  };
  // By resource and whether the span is an error; right for those that stand for a service.
  using Verdicts = std::vector<Verdict>;
  enum class Overlap { kNone, kWhole, kCut };

  const Verdicts* VerdictsOf(const Part& part, uint32_t source);
  Verdicts Judge(const Dictionary& dictionary);
  Verdict JudgeResource(span::SpanChunk* probe, uint32_t resource, bool error);
  Verdict JudgeSpan(const span::SpanRef& span);
  Overlap OverlapOf(const LatencyKey& key, const GroupRecord& facts) const;
  void AddRecord(uint32_t group, const LatencyRecord& record, const GroupRecord& facts);

  const storage::AggregateRequest& request_;
  const std::shared_ptr<const storage::Evaluator> evaluator_;
  SpanGroups* const groups_;
  std::vector<std::optional<Verdicts>> verdicts_;  // by source
  LatencyTable table_;                             // of the row group that is added, used again
};

}  // namespace spandrel::columnar
