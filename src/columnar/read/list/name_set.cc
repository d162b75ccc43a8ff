// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/list/name_set.h"

#include <algorithm>

namespace spandrel::columnar {
namespace {

// So many keys are worth no thought.
constexpr size_t kFewKeys = 1024;
// What a set takes for a key beside its text.
constexpr size_t kKeyBytes = 96;

}  // namespace

using base::Status;
using storage::AttributeName;
using storage::AttributeScope;

void NameSet::AddSpan(const span::SpanRef& span) {
  AddAttributes(span.resource().attributes(), AttributeScope::kResource);
  AddAttributes(span.scope().attributes(), AttributeScope::kInstrumentation);
  AddMessage(span.span().message);
}

Status NameSet::AddRows(const RowGroup& group, const MatchedRows& rows) {
  std::vector<uint8_t> to_read(group.column_count());
  std::vector<uint8_t> is_known(group.dictionary().scopes.size());
  std::vector<uint8_t> is_used(group.table().layouts.size());
  TemplateProbe probe(group);
  for (uint32_t i = 0; i < rows.uses_template.size(); ++i) {
    if (rows.uses_template[i] == 0) continue;
    is_used[group.table().templates[i].layout] = 1;
    AddTemplate(group, i, &to_read);
    const span::SpanRef span = probe.SpanOf(i);
    uint8_t& scope_is_known = is_known[span.entry().scope];
    if (scope_is_known == 0) AddSpan(span);
    scope_is_known = 1;
  }
  for (size_t layout = 0; layout < is_used.size(); ++layout) {
    if (is_used[layout] != 0) AddKeys(group.table(), group.table().layouts[layout]);
  }
  for (uint32_t column = 0; column < to_read.size(); ++column) {
    if (to_read[column] == 0) continue;
    SPANDREL_RETURN_IF_ERROR(
        VisitCells(group, column, rows, rows.uses_template,
                   [this](const CellReader& cell) { AddMessage(cell.text()); }));
  }
  return {};
}

std::vector<AttributeName> NameSet::Sorted() const {
  std::vector<AttributeName> names;
  for (size_t scope = 0; scope < by_scope_.size(); ++scope) {
    for (const std::string& key : by_scope_[scope].texts) {
      names.push_back({static_cast<AttributeScope>(scope), key});
    }
  }
  std::sort(names.begin(), names.end());
  names.resize(std::min(names.size(), limit_));
  return names;
}

void NameSet::AddKey(std::string_view key, AttributeScope scope) {
  Keys& keys = by_scope_[static_cast<size_t>(scope)];
  if (keys.texts.find(key) != keys.texts.end()) return;
  if (keys.last && key > *keys.last) return;
  keys.texts.emplace(key);
  bytes_ += kKeyBytes + key.size();
  if (keys.texts.size() / 2 > std::max(limit_, kFewKeys)) KeepFirst(&keys);
}

void NameSet::KeepFirst(Keys* keys) {
  std::vector<std::string_view> sorted(keys->texts.begin(), keys->texts.end());
  const auto last = sorted.begin() + static_cast<ptrdiff_t>(std::max(limit_, kFewKeys));
  std::nth_element(sorted.begin(), last, sorted.end());
  keys->last = std::string(*last);
  for (auto key = keys->texts.begin(); key != keys->texts.end();) {
    if (*key <= *keys->last) {
      ++key;
      continue;
    }
    bytes_ -= kKeyBytes + key->size();
    key = keys->texts.erase(key);
  }
}

void NameSet::AddAttributes(span::AttributeReader attributes, AttributeScope scope) {
  while (const auto attribute = attributes.Next()) AddKey(attribute->key, scope);
}

void NameSet::AddMessage(std::string_view message) {
  const span::SpanView span(message);
  AddAttributes(span.attributes(), AttributeScope::kSpan);
  auto events = span.events();
  while (const auto event = events.Next()) {
    AddAttributes(span::EventView(*event).attributes(), AttributeScope::kEvent);
  }
  auto links = span.links();
  while (const auto link = links.Next()) {
    AddAttributes(span::LinkView(*link).attributes(), AttributeScope::kLink);
  }
}

void NameSet::AddKeys(const TemplateTable& table, const Layout& layout) {
  for (const LayoutStep& step : layout) {
    if (step.kind == FieldKind::kAttribute) {
      AddKey(table.columns[step.column].key, AttributeScope::kSpan);
    }
  }
}

void NameSet::AddTemplate(const RowGroup& group, uint32_t of_template,
                          std::vector<uint8_t>* columns) {
  const TemplateTable& table = group.table();
  const Template& made = table.templates[of_template];
  size_t cell = 0;
  for (const LayoutStep& step : table.layouts[made.layout]) {
    if (step.column == kNoColumn) continue;
    const ConstantCell& constant = made.cells[cell++];
    if (step.kind != FieldKind::kRun && step.kind != FieldKind::kMessage) continue;
    if (constant.is_constant) {
      AddMessage(constant.text);
    } else {
      (*columns)[step.column] = 1;
    }
  }
}

}  // namespace spandrel::columnar
