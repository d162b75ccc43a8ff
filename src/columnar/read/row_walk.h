// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "columnar/read/matcher.h"
#include "columnar/snapshot/snapshot.h"
#include "storage/evaluate.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// Every span of a snapshot for which an expression is true and that starts in a range, with all its
// fields: span by span where nothing is asked of parents and traces, else trace by trace.
class RowWalk {
 public:
  // Refs and fields are valid during the call.
  using Visit = std::function<void(const span::SpanRef&, const storage::FieldSource&)>;

  // `fields` are those that will be read of the rows; `context` must outlive it. INVALID_ARGUMENT
  // as storage::ValidateExpression says.
  static base::Result<RowWalk> Make(const storage::QueryContext& context,
                                    const storage::Expression& where, storage::TimeRange range,
                                    const std::vector<storage::FieldRef>& fields);

  base::Status Run(const Snapshot& snapshot, const Visit& visit) const;

 private:
  RowWalk(const storage::QueryContext& context, Matcher matcher)
      : context_(context), matcher_(std::move(matcher)) {}

  base::Status RunBySpan(const Snapshot& snapshot, const Visit& visit) const;
  base::Status RunByTrace(const Snapshot& snapshot, const Visit& visit) const;

  const storage::QueryContext& context_;
  Matcher matcher_;  // true of every span for which the expression is
  std::shared_ptr<const storage::Evaluator> evaluator_;
  storage::Predicate narrowed_;
  bool is_exact_ = false;  // the matcher is true of no other
  bool needs_trace_ = false;
};

}  // namespace spandrel::columnar
