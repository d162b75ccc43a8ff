// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "columnar/part/read/part.h"
#include "columnar/read/count/span_groups.h"
#include "columnar/read/match/row_columns.h"
#include "columnar/read/match/row_matcher.h"
#include "storage/store.h"

namespace spandrel::columnar {

// Answers an aggregation of spans from the columns of row groups where a span's template decides
// its group. One thread.
class TemplateCounts {
 public:
  static bool CanAnswer(const storage::AggregateRequest& request);

  // `matcher` is the request's; all outlive it.
  TemplateCounts(const storage::AggregateRequest& request, const Matcher& matcher,
                 SpanGroups* groups)
      : request_(request), groups_(groups), rows_(matcher) {}

  // Adds all matching spans of a row group and returns true, or adds nothing, when the row group
  // cannot be read. `source` is the part's number in this query.
  bool Add(const Part& part, uint32_t source, uint32_t group);

 private:
  static constexpr uint32_t kUnknown = UINT32_MAX;

  uint32_t GroupOf(const span::SpanRef& span);
  // Rows that all count in the same bucket.
  void AddTogether(const std::vector<Template>& templates, const std::vector<uint32_t>& rows,
                   storage::AggregateBucket* bucket);

  const storage::AggregateRequest& request_;
  SpanGroups* const groups_;
  RowMatcher rows_;
  std::vector<uint32_t> group_of_template_;  // of the row group that is being added
  std::vector<uint64_t> count_of_template_;  // of the same
  std::vector<std::string> texts_;
};

}  // namespace spandrel::columnar
