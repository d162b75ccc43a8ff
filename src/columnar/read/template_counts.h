// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "columnar/part/part.h"
#include "columnar/read/matcher.h"
#include "columnar/read/row_columns.h"
#include "columnar/read/span_groups.h"
#include "storage/store.h"

namespace spandrel::columnar {

// Answers an aggregation of spans from the columns of row groups: which spans match and how they
// are grouped is decided once for each template, times are looked at row by row. One thread.
class TemplateCounts {
 public:
  // True when templates and times decide the question.
  static bool CanAnswer(const storage::AggregateRequest& request);

  // `matcher` is the request's; all outlive it.
  TemplateCounts(const storage::AggregateRequest& request, const Matcher& matcher,
                 SpanGroups* groups);

  // Adds all matching spans of a row group and returns true, or adds nothing, when the row group
  // cannot be read.
  bool Add(const Part& part, uint32_t group);

 private:
  static constexpr uint32_t kNoGroup = UINT32_MAX;

  void JudgeTemplates(const RowGroup& group, TemplateProbe* probe);
  bool TimesMatch(uint32_t row, TemplateProbe* probe) const;

  const storage::AggregateRequest& request_;
  const Matcher& matcher_;
  SpanGroups* const groups_;
  const bool times_matter_;
  RowColumns columns_;
  std::vector<uint32_t> group_of_template_;  // of the row group that is being added
  std::vector<std::string> texts_;
};

}  // namespace spandrel::columnar
