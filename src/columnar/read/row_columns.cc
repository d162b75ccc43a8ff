// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/row_columns.h"

namespace spandrel::columnar {

using base::Status;

Status RowColumns::Load(const RowGroup& group) {
  const auto rows_of_traces = group.FirstRows();
  if (!rows_of_traces.ok()) return rows_of_traces.status();
  const auto templates = group.Packed(FrameKind::kTemplateOf);
  if (!templates.ok()) return templates.status();
  const auto packed_starts = group.Packed(FrameKind::kStarts);
  if (!packed_starts.ok()) return packed_starts.status();
  const auto packed_durations = group.Packed(FrameKind::kDurations);
  if (!packed_durations.ok()) return packed_durations.status();
  const auto trace_starts = group.Packed(FrameKind::kTraceStarts);
  if (!trace_starts.ok()) return trace_starts.status();
  const uint32_t rows = group.row_count();
  template_of.resize(rows);
  starts.resize(rows);
  durations.resize(rows);
  templates->Read(0, rows, template_of.data());
  packed_starts->Read(0, rows, starts.data());
  packed_durations->Read(0, rows, durations.data());
  first_rows = *rows_of_traces;
  std::vector<uint64_t> earliest(group.trace_count());
  trace_starts->Read(0, group.trace_count(), earliest.data());
  for (uint32_t trace = 0; trace < group.trace_count(); ++trace) {
    for (uint32_t row = (*first_rows)[trace]; row < (*first_rows)[trace + 1]; ++row) {
      starts[row] += earliest[trace];
    }
  }
  return LoadWeights(group);
}

Status RowColumns::LoadWeights(const RowGroup& group) {
  weights.clear();
  const auto of_traces = group.Weights();
  if (!of_traces.ok()) return of_traces.status();
  for (uint32_t trace = 0; trace < of_traces->size(); ++trace) {
    weights.resize((*first_rows)[trace + 1], (*of_traces)[trace]);
  }
  return {};
}

TemplateProbe::TemplateProbe(const RowGroup& group)
    : group_(group), chunk_(SharedChunk(group.dictionary())) {
  chunk_.spans.resize(1);
}

span::SpanRef TemplateProbe::SpanOf(uint32_t of_template) {
  const Template& made = group_.table().templates[of_template];
  entry().scope = made.scope;
  entry().name = group_.dictionary().names[made.name];
  entry().kind = made.kind;
  entry().status = made.status;
  return {chunk_, 0};
}

}  // namespace spandrel::columnar
