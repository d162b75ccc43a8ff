// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/value_counts.h"

#include <utility>
#include <vector>

#include "columnar/read/count/value_columns.h"
#include "columnar/read/count/value_table.h"
#include "columnar/read/scan/row_walk.h"
#include "storage/evaluate.h"
#include "storage/narrow.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::FieldRef;

// The spans of either selection. Each of the two is a whole question by itself, so together they
// may be larger than one may be; then every span is looked at.
Asked AskedOf(const storage::ValueCountsRequest& request) {
  Asked asked{storage::Expression::Or({request.a, request.b}), request.start_time,
              FieldsOf(request.a), request.scopes};
  if (!storage::ValidateShape(asked.where).ok()) asked.where = storage::Expression();
  const std::vector<FieldRef> of_b = FieldsOf(request.b);
  asked.may_join = true;
  asked.fields.insert(asked.fields.end(), of_b.begin(), of_b.end());
  asked.fields.insert(asked.fields.end(), request.intrinsics.begin(), request.intrinsics.end());
  return asked;
}

}  // namespace

Result<storage::ValueCountsResult> CountValues(const storage::QueryContext& context,
                                               const Snapshot& snapshot,
                                               const storage::ValueCountsRequest& request) {
  SPANDREL_RETURN_IF_ERROR(storage::ValidateRequest(request));
  const auto evaluators = storage::Evaluator::MakeAll(context, {request.a, request.b});
  if (!evaluators.ok()) return evaluators.status();
  const storage::Evaluator& a = *(*evaluators)[0];
  const storage::Evaluator& b = *(*evaluators)[1];
  const Question question = Question::OfPart(AskedOf(request), a.regexes());
  const storage::Narrowed narrow_a = storage::Narrow(request.a);
  const storage::Narrowed narrow_b = storage::Narrow(request.b);
  const Matcher matches_a = Matcher::OfPart(narrow_a.where, request.start_time, a.regexes());
  const Matcher matches_b = Matcher::OfPart(narrow_b.where, request.start_time, b.regexes());
  ValueTable table(context, request);
  ValueColumns columns(context, request, matches_a, matches_b, &table);
  const auto add = [&](const span::SpanRef& span, const storage::FieldSource& row,
                       uint64_t weight) {
    const InBoth counts{a.Matches(row) ? weight : 0, b.Matches(row) ? weight : 0};
    if (!counts.any()) return Status();
    table.AddSpans(counts);
    table.AddFieldsOf(span, row, request.scopes, request.intrinsics, counts);
    return table.status();
  };
  const auto add_group = [&](const Part& part, uint32_t source, uint32_t group) {
    return columns.Add(part, source, group);
  };
  const bool by_columns =
      narrow_a.exact && narrow_b.exact && !question.needs_trace && ValueColumns::CanAnswer(request);
  SPANDREL_RETURN_IF_ERROR(WalkRows(context, snapshot, question, add,
                                    by_columns ? GroupVisitor(add_group) : GroupVisitor()));
  return std::move(table).Finish();
}

}  // namespace spandrel::columnar
