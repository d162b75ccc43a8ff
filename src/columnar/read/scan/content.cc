// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/content.h"

#include <algorithm>

#include "proto/otlp.h"

namespace spandrel::columnar {

using storage::AttributeScope;
using storage::Intrinsic;

const Content Content::kLight;
const Content Content::kFull = [] {
  Content full;
  full.is_full_ = true;
  return full;
}();

void Content::Add(const storage::FieldRef& field) {
  AddPlain(field.field);
}

void Content::Add(const storage::Expression& where) {
  for (const storage::FieldRef& field : FieldsOf(where)) Add(field);
}

void Content::Add(AttributeScope list) {
  all_attributes_ |= list == AttributeScope::kSpan;
  events_ |= list == AttributeScope::kEvent;
  links_ |= list == AttributeScope::kLink;
}

void Content::AddPlain(const storage::Field& field) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) {
    texts_ |= *intrinsic == Intrinsic::kTraceState || *intrinsic == Intrinsic::kStatusMessage;
    events_ |= *intrinsic == Intrinsic::kEventName || *intrinsic == Intrinsic::kEventTimeSinceStart;
    links_ |= *intrinsic == Intrinsic::kLinkTraceId || *intrinsic == Intrinsic::kLinkSpanId;
    return;
  }
  const auto& attribute = std::get<storage::AttributeField>(field);
  const AttributeScope scope = attribute.scope;
  const bool is_any = scope == AttributeScope::kAny;
  events_ |= is_any || scope == AttributeScope::kEvent;
  links_ |= is_any || scope == AttributeScope::kLink;
  if (!is_any && scope != AttributeScope::kSpan && scope != AttributeScope::kUnscoped) return;
  AddKey(attribute.key);
  for (const std::string& key : attribute.other_keys) AddKey(key);
}

void Content::AddKey(const std::string& key) {
  const auto place = std::lower_bound(keys_.begin(), keys_.end(), key);
  if (place == keys_.end() || *place != key) keys_.insert(place, key);
}

bool Content::is_light() const {
  return !is_full_ && !all_attributes_ && !events_ && !links_ && !texts_ && keys_.empty();
}

std::vector<uint8_t> Content::ColumnsOf(const TemplateTable& table) const {
  std::vector<uint8_t> columns;
  columns.reserve(table.columns.size());
  for (const ColumnKey& column : table.columns) columns.push_back(Has(column) ? 1 : 0);
  return columns;
}

std::vector<uint8_t> Content::KeyColumnsOf(const TemplateTable& table) const {
  std::vector<uint8_t> columns = ColumnsOf(table);
  for (size_t i = 0; i < columns.size(); ++i) {
    const FieldKind kind = table.columns[i].kind;
    if (kind != FieldKind::kMessage && kind != FieldKind::kRun) columns[i] = 0;
  }
  return columns;
}

bool Content::Has(const ColumnKey& column) const {
  switch (column.kind) {
    case FieldKind::kMessage:
      return true;
    case FieldKind::kAttribute:
      return is_full_ || all_attributes_ ||
             std::binary_search(keys_.begin(), keys_.end(), column.key);
    case FieldKind::kRun:
      return is_full_ || (column.number == span::otlp::kSpanEvents ? events_ : links_);
    case FieldKind::kText:
      return is_full_ || texts_;
    default:
      return is_full_;
  }
}

std::vector<storage::FieldRef> FieldsOf(const storage::Expression& where) {
  using Kind = storage::Expression::Kind;
  std::vector<storage::FieldRef> fields;
  for (const storage::Expression::Node& node : where.nodes()) {
    if (node.kind == Kind::kField || node.kind == Kind::kExists) fields.push_back(node.field);
    if (node.kind == Kind::kSomeEvent) fields.emplace_back(Intrinsic::kEventName);
    if (node.kind == Kind::kSomeLink) fields.emplace_back(Intrinsic::kLinkTraceId);
  }
  return fields;
}

}  // namespace spandrel::columnar
