// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/template_counts.h"

#include <algorithm>

#include "columnar/read/predicate_fields.h"
#include "storage/evaluate.h"

namespace spandrel::columnar {
namespace {

using storage::Intrinsic;

bool IsTimeField(const storage::Field& field) {
  const auto* intrinsic = std::get_if<Intrinsic>(&field);
  return intrinsic != nullptr &&
         (*intrinsic == Intrinsic::kStartTime || *intrinsic == Intrinsic::kDuration);
}

}  // namespace

bool TemplateCounts::CanAnswer(const storage::AggregateRequest& request) {
  const auto is_known = [](const storage::Field& field) {
    return IsTemplateField(field) || IsTimeField(field);
  };
  return AllFields(request.where, is_known) &&
         std::all_of(request.group_by.begin(), request.group_by.end(), IsTemplateField);
}

TemplateCounts::TemplateCounts(const storage::AggregateRequest& request, const Matcher& matcher,
                               SpanGroups* groups)
    : request_(request),
      matcher_(matcher),
      groups_(groups),
      times_matter_(!AllFields(request.where, IsTemplateField)),
      texts_(request.group_by.size()) {}

bool TemplateCounts::Add(const Part& part, uint32_t group) {
  const auto open = part.Group(group);
  if (!open.ok() || !columns_.Load(**open).ok()) return false;
  TemplateProbe probe(**open);
  JudgeTemplates(**open, &probe);
  const auto& templates = (*open)->table().templates;
  for (uint32_t row = 0; row < columns_.row_count(); ++row) {
    const uint32_t made_from = columns_.template_of[row];
    const uint32_t id = group_of_template_[made_from];
    if (id == kNoGroup || !request_.start_time.Contains(columns_.starts[row])) continue;
    if (times_matter_ && !TimesMatch(row, &probe)) continue;
    groups_->Add(id, {columns_.starts[row], columns_.DurationOf(row),
                      templates[made_from].status == span::SpanStatus::kError});
  }
  return true;
}

void TemplateCounts::JudgeTemplates(const RowGroup& group, TemplateProbe* probe) {
  const auto count = static_cast<uint32_t>(group.table().templates.size());
  group_of_template_.assign(count, kNoGroup);
  for (uint32_t i = 0; i < count; ++i) {
    const span::SpanRef span = probe->SpanOf(i);
    if (!matcher_.ScopeMatches(span) || !matcher_.NameMatches(span)) continue;
    if (!times_matter_ && !matcher_.LightMatches(span)) continue;
    for (size_t field = 0; field < texts_.size(); ++field) {
      texts_[field] = storage::FieldText(request_.group_by[field], span).value_or("");
    }
    group_of_template_[i] = groups_->IdOf(texts_);
  }
}

bool TemplateCounts::TimesMatch(uint32_t row, TemplateProbe* probe) const {
  const span::SpanRef span = probe->SpanOf(columns_.template_of[row]);
  probe->entry().start_time_unix_nano = columns_.starts[row];
  probe->entry().end_time_unix_nano = columns_.starts[row] + columns_.durations[row];
  return matcher_.LightMatches(span);
}

}  // namespace spandrel::columnar
