// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "columnar/read/match/matcher.h"
#include "columnar/read/scan/content.h"
#include "storage/evaluate.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// What is asked of spans by an expression, and what will be read of those that match.
struct Asked {
  storage::Expression where = {};
  storage::TimeRange range = {};
  std::vector<storage::FieldRef> fields = {};
  std::vector<storage::AttributeScope> lists = {};  // attribute lists as a whole
  bool only_keys = false;                           // of the lists
  // Nothing else is looked at, not even the entry: spans that are alike in this may come as one
  // that stands for all.
  bool may_join = false;
};

// The same, ready to be pushed down: a matcher leaves out what cannot match, the evaluator decides
// about the rest. A value.
struct Question {
  Matcher matcher;                                      // true of every span that matches
  std::shared_ptr<const storage::Evaluator> evaluator;  // of the expression
  bool is_exact = false;                                // the matcher is true of no other span
  bool needs_trace = false;  // parents or the trace are asked about, or read
  bool may_join = false;     // as asked, and it can be
  bool only_keys = false;    // as asked
  // Of a span that the matcher lets through: what is read of it, and what the evaluator looks at.
  Content content;

  // INVALID_ARGUMENT as storage::ValidateExpression says; RESOURCE_EXHAUSTED when the query has no
  // memory for the regular expressions, which are compiled once.
  static base::Result<Question> Make(const storage::QueryContext& context, const Asked& asked);
  // The shape of the expression is valid, and its regular expressions are among `regexes`.
  static Question OfPart(const Asked& asked, std::shared_ptr<const storage::Regexes> regexes);
};

}  // namespace spandrel::columnar
