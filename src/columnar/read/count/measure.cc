// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/measure.h"

#include <utility>
#include <vector>

#include "columnar/read/count/measure_columns.h"
#include "columnar/read/count/measure_groups.h"
#include "columnar/read/scan/row_walk.h"
#include "storage/evaluate.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

// A span as it comes.
Status AddSpan(const storage::MeasureRequest& request, const span::SpanRef& span,
               const storage::FieldSource& row, MeasureGroups* groups) {
  std::vector<storage::OptionalValue> group;
  group.reserve(request.group_by.size());
  for (const auto& field : request.group_by) group.push_back(storage::FirstValue(field, row));
  const auto id = groups->IdOf(std::move(group));
  if (!id.ok()) return id.status();
  const span::SpanEntry& entry = span.entry();
  const auto bucket = groups->AddSpans(*id, entry.start_time_unix_nano, entry.weight);
  if (!bucket.ok()) return bucket.status();
  storage::Exemplar exemplar{entry.trace_id, entry.span_id, entry.start_time_unix_nano, {}};
  for (size_t i = 0; i < request.measures.size(); ++i) {
    const storage::Measure& measure = request.measures[i];
    const auto number =
        measure.field ? storage::FirstNumber(*measure.field, row) : storage::Number(int64_t{0});
    if (number) SPANDREL_RETURN_IF_ERROR(groups->Add(*bucket, i, *number, entry.weight));
    if (i == 0 && measure.field) exemplar.value = number;
  }
  return groups->WantsExemplar(**bucket) ? groups->AddExemplar(*bucket, exemplar) : Status();
}

}  // namespace

Result<storage::MeasureResult> MeasureSpans(const storage::QueryContext& context,
                                            const Snapshot& snapshot,
                                            const storage::MeasureRequest& request) {
  SPANDREL_RETURN_IF_ERROR(storage::ValidateRequest(request));
  std::vector<storage::FieldRef> fields = request.group_by;
  for (const storage::Measure& measure : request.measures) {
    if (measure.field) fields.push_back(*measure.field);
  }
  const Result<Question> question =
      Question::Make(context, {request.where, request.start_time, std::move(fields)});
  if (!question.ok()) return question.status();
  MeasureGroups groups(context, request);
  MeasureColumns columns(context, request, *question, &groups);
  const auto add_group = [&](const Part& part, uint32_t source, uint32_t group) {
    return columns.Add(part, source, group);
  };
  const auto add_span = [&](const span::SpanRef& span, const storage::FieldSource& row, uint64_t) {
    return AddSpan(request, span, row, &groups);
  };
  const bool by_columns = MeasureColumns::CanAnswer(request, *question);
  SPANDREL_RETURN_IF_ERROR(WalkRows(context, snapshot, *question, add_span,
                                    by_columns ? GroupVisitor(add_group) : GroupVisitor()));
  return std::move(groups).Finish();
}

}  // namespace spandrel::columnar
