// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "columnar/read/match/group_filter.h"
#include "columnar/snapshot/snapshot.h"

namespace spandrel::columnar {

// The matching rows of one row group after the other. One thread; lives no longer than the matcher.
class RowMatcher {
 public:
  explicit RowMatcher(const Matcher& matcher) : matcher_(matcher) {}

  // The rows ascend. `source` is the part's number in this query. DATA_LOSS when the row group is
  // damaged.
  base::Result<std::vector<uint32_t>> RowsOf(const RowGroupPtr& group, uint32_t source) {
    if (verdicts_.size() <= source) verdicts_.resize(source + 1);
    auto& verdicts = verdicts_[source];
    if (!verdicts) {
      verdicts = std::make_unique<DictionaryVerdicts>(matcher_, group->shared_dictionary());
    }
    return MatchingRows(group, matcher_, *verdicts, &columns_);
  }

  // The columns of the row group that was asked about last, as far as they were read.
  RowColumns& columns() { return columns_; }
  const RowColumns& columns() const { return columns_; }

  // True when all rows of a row group match, as far as that is known without reading it.
  bool MatchesAll(const GroupRecord& facts) const {
    return matcher_.conditions().empty() && matcher_.range().Contains(facts.min_start) &&
           matcher_.range().Contains(facts.max_start);
  }

 private:
  const Matcher& matcher_;
  std::vector<std::unique_ptr<DictionaryVerdicts>> verdicts_;  // by source
  RowColumns columns_;
};

// Marks a row group as damaged and says that it was left out.
inline void NoteUnreadable(const Snapshot& snapshot, uint32_t part, uint32_t group,
                           const base::Status& why) {
  const Part& damaged = *snapshot.parts[part];
  damaged.NoteDamagedGroup(group, why);
  if (snapshot.damage != nullptr) snapshot.damage->Add(damaged, group);
}

}  // namespace spandrel::columnar
