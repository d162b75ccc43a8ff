// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "columnar/read/match/row_matcher.h"
#include "columnar/read/scan/question.h"
#include "columnar/read/scan/scan.h"
#include "columnar/read/traces/template_answers.h"
#include "storage/query_context.h"
#include "storage/trace_scan.h"

namespace spandrel::columnar {

// Slices of whole traces that lie in one row group, out of its columns: what is asked of a row is
// answered once for its template, or for all rows of the row group at once, and no span is put
// together. One thread.
class ColumnSlices {
 public:
  // True when all that is asked of rows is of templates, of times, or pushed down as a whole.
  static bool CanAnswer(const storage::TraceScanRequest& request, const Question& question);

  // Of each condition that templates do not decide, one that is true of the same spans of any time;
  // null of the others. Of the regular expressions of all conditions.
  using Matchers = std::vector<std::unique_ptr<const Matcher>>;
  static Matchers MatchersOf(const storage::TraceScanRequest& request,
                             const std::shared_ptr<const storage::Regexes>& regexes);

  // A request as it was made ready. All outlive the slices.
  struct Asked {
    const storage::TraceScanRequest& request;
    const Question& question;
    const storage::RowQuestions& rows;
    const Matchers& matchers;
  };

  ColumnSlices(Scan& scan, const Asked& asked);
  ~ColumnSlices();

  // The slice of a trace of which all spans are in a row group, with a row at least that matches.
  // Nothing when that cannot be done here: such a trace is to be read as spans. RESOURCE_EXHAUSTED
  // when the query has no memory.
  base::Result<std::optional<storage::TraceSlice>> Read(const ScanUnit& unit,
                                                        const span::TraceId& id);

 private:
  class Group;

  Scan& scan_;
  const Asked asked_;
  std::unique_ptr<TemplateAnswers> answers_;
  std::vector<std::unique_ptr<RowMatcher>> conditions_;  // of asked_.matchers
  std::vector<std::unique_ptr<Group>> open_;             // the one used last comes first
};

}  // namespace spandrel::columnar
