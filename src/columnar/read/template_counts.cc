// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/template_counts.h"

#include <algorithm>

#include "columnar/read/predicate_fields.h"
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
  if (!columns_.Load(**open).ok()) return false;
  const auto& templates = (*open)->table().templates;
  TemplateProbe probe(**open);
  group_of_template_.assign(templates.size(), kUnknown);
  for (const uint32_t row : *rows) {
    const uint32_t made_from = columns_.template_of[row];
    uint32_t& id = group_of_template_[made_from];
    if (id == kUnknown) id = GroupOf(probe.SpanOf(made_from));
    groups_->Add(id,
                 {columns_.starts[row], columns_.DurationOf(row),
                  templates[made_from].status == span::SpanStatus::kError, columns_.WeightOf(row)});
  }
  return true;
}

uint32_t TemplateCounts::GroupOf(const span::SpanRef& span) {
  texts_.resize(request_.group_by.size());
  for (size_t i = 0; i < texts_.size(); ++i) {
    texts_[i] = storage::FieldText(request_.group_by[i], span).value_or("");
  }
  return groups_->IdOf(texts_);
}

}  // namespace spandrel::columnar
