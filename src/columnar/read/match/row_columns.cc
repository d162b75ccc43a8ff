// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/match/row_columns.h"

namespace spandrel::columnar {

using base::Status;

void RowColumns::Open(const RowGroup& group) {
  group_ = &group;
  template_of_.clear();
  starts_.clear();
  durations_.clear();
  weights_.clear();
}

Status RowColumns::Load(const RowGroup& group) {
  Open(group);
  SPANDREL_RETURN_IF_ERROR(LoadTemplates());
  SPANDREL_RETURN_IF_ERROR(LoadStarts());
  SPANDREL_RETURN_IF_ERROR(LoadDurations());
  return LoadWeights();
}

Status RowColumns::LoadTemplates() {
  if (!template_of_.empty()) return {};
  const auto packed = group_->Packed(SectionKind::kTemplateOf);
  if (!packed.ok()) return packed.status();
  template_of_.resize(row_count());
  packed->Read(0, row_count(), template_of_.data());
  return {};
}

Status RowColumns::LoadStarts() {
  if (!starts_.empty()) return {};
  const auto first_rows = group_->FirstRows();
  if (!first_rows.ok()) return first_rows.status();
  const auto packed = group_->Packed(SectionKind::kStarts);
  if (!packed.ok()) return packed.status();
  const auto trace_starts = group_->Packed(SectionKind::kTraceStarts);
  if (!trace_starts.ok()) return trace_starts.status();
  starts_.resize(row_count());
  packed->Read(0, row_count(), starts_.data());
  std::vector<uint64_t> earliest(group_->trace_count());
  trace_starts->Read(0, group_->trace_count(), earliest.data());
  for (uint32_t trace = 0; trace < earliest.size(); ++trace) {
    const uint32_t end = (**first_rows)[trace + 1];
    for (uint32_t row = (**first_rows)[trace]; row < end; ++row) starts_[row] += earliest[trace];
  }
  return {};
}

Status RowColumns::LoadDurations() {
  if (!durations_.empty()) return {};
  const auto packed = group_->Packed(SectionKind::kDurations);
  if (!packed.ok()) return packed.status();
  // Durations are stored modulo 2^64; mostly none is large enough to be a negative one.
  const bool may_be_negative = packed->max() > UINT64_MAX - group_->facts().max_start;
  if (may_be_negative) SPANDREL_RETURN_IF_ERROR(LoadStarts());
  durations_.resize(row_count());
  packed->Read(0, row_count(), durations_.data());
  for (uint32_t row = 0; may_be_negative && row < row_count(); ++row) {
    if (starts_[row] + durations_[row] < starts_[row]) durations_[row] = 0;
  }
  return {};
}

Status RowColumns::LoadWeights() {
  if (!weights_.empty()) return {};
  const auto of_traces = group_->Weights();
  if (!of_traces.ok()) return of_traces.status();
  if (of_traces->empty()) return {};
  const auto first_rows = group_->FirstRows();
  if (!first_rows.ok()) return first_rows.status();
  weights_.reserve(row_count());
  for (uint32_t trace = 0; trace < of_traces->size(); ++trace) {
    weights_.resize((**first_rows)[trace + 1], (*of_traces)[trace]);
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
