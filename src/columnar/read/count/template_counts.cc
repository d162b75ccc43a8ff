// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/template_counts.h"

#include <algorithm>

#include "columnar/read/match/predicate_fields.h"
#include "storage/evaluate.h"

namespace spandrel::columnar {

bool TemplateCounts::CanAnswer(const storage::AggregateRequest& request) {
  return std::all_of(request.group_by.begin(), request.group_by.end(), IsTemplateField);
}

bool TemplateCounts::Add(const Part& part, uint32_t source, uint32_t group) {
  const auto open = part.Group(group);
  if (!open.ok()) return false;
  const auto rows = rows_.RowsOf(*open, source);
  if (!rows.ok()) return false;
  if (rows->empty()) return true;
  // Starts are of no interest when all rows are counted in the same bucket.
  const GroupRecord& facts = (*open)->facts();
  const bool same_bucket =
      groups_->BucketStart(facts.min_start) == groups_->BucketStart(facts.max_start);
  RowColumns& columns = rows_.columns();
  if (!columns.LoadTemplates().ok() || !columns.LoadDurations().ok()) return false;
  if (!columns.LoadWeights().ok()) return false;
  if (!same_bucket && !columns.LoadStarts().ok()) return false;
  const auto& templates = (*open)->table().templates;
  const uint32_t only_group = request_.group_by.empty() ? groups_->IdOf({}) : kUnknown;
  if (same_bucket && only_group != kUnknown) {
    AddTogether(templates, *rows, &groups_->BucketAt(only_group, facts.min_start));
    return true;
  }
  group_of_template_.assign(templates.size(), only_group);
  TemplateProbe probe(**open);
  for (const uint32_t row : *rows) {
    const uint32_t template_id = columns.template_of()[row];
    uint32_t& id = group_of_template_[template_id];
    if (id == kUnknown) id = GroupOf(probe.SpanOf(template_id));
    groups_->Add(
        id, {same_bucket ? facts.min_start : columns.starts()[row], columns.durations()[row],
             templates[template_id].status == span::SpanStatus::kError, columns.WeightOf(row)});
  }
  return true;
}

void TemplateCounts::AddTogether(const std::vector<Template>& templates,
                                 const std::vector<uint32_t>& rows,
                                 storage::AggregateBucket* bucket) {
  const RowColumns& columns = rows_.columns();
  const std::vector<uint32_t>& template_of = columns.template_of();
  const std::vector<uint64_t>& durations = columns.durations();
  count_of_template_.assign(templates.size(), 0);
  for (const uint32_t row : rows) {
    const uint64_t weight = columns.WeightOf(row);
    count_of_template_[template_of[row]] += weight;
    bucket->latency.Add(durations[row], weight);
  }
  for (size_t i = 0; i < templates.size(); ++i) {
    bucket->count += count_of_template_[i];
    if (templates[i].status == span::SpanStatus::kError) {
      bucket->error_count += count_of_template_[i];
    }
  }
}

uint32_t TemplateCounts::GroupOf(const span::SpanRef& span) {
  texts_.resize(request_.group_by.size());
  for (size_t i = 0; i < texts_.size(); ++i) {
    texts_[i] = storage::FieldText(request_.group_by[i], span).value_or("");
  }
  return groups_->IdOf(texts_);
}

}  // namespace spandrel::columnar
