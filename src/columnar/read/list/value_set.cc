// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/list/value_set.h"

#include <iterator>
#include <optional>
#include <unordered_set>

#include "columnar/part/read/cell_reader.h"
#include "columnar/read/match/predicate_fields.h"
#include "storage/field_values.h"

namespace spandrel::columnar {
namespace {

// Numbers of a column that are remembered, so that equal ones are made text once.
constexpr size_t kMaxKnownNumbers = 4096;
// What a set takes for a value beside its text.
constexpr size_t kValueBytes = 96;

using base::Status;
using storage::AttributeField;
using storage::AttributeScope;

}  // namespace

bool ValueSet::HasColumns() const {
  const auto* attribute = std::get_if<AttributeField>(&field_);
  const bool is_of_span = attribute != nullptr && attribute->scope == AttributeScope::kSpan;
  return is_of_span || IsTemplateField(field_);
}

void ValueSet::AddSpan(const span::SpanRef& span) {
  if (auto text = storage::FieldText(field_, span)) Add(*std::move(text));
}

Status ValueSet::AddRows(const RowGroup& group, const MatchedRows& rows) {
  TemplateProbe probe(group);
  std::vector<std::vector<uint8_t>> wanted(group.column_count());
  std::optional<AttributeCells> cells;
  if (!IsTemplateField(field_)) cells.emplace(group.table(), std::get<AttributeField>(field_));
  for (uint32_t i = 0; i < rows.uses_template.size(); ++i) {
    if (rows.uses_template[i] == 0) continue;
    if (cells) {
      AddTemplate(group, *cells, i, &wanted);
    } else {
      AddSpan(probe.SpanOf(i));
    }
  }
  for (uint32_t column = 0; column < wanted.size(); ++column) {
    if (wanted[column].empty()) continue;
    const ColumnKey& key = group.table().columns[column];
    std::unordered_set<uint64_t> numbers;
    const auto add_cell = [&](const CellReader& cell) {
      if (cell.is_text()) return AddCell(key, cell.text(), 0);
      if (numbers.size() >= kMaxKnownNumbers) numbers.clear();
      if (numbers.insert(cell.scalar()).second) AddCell(key, {}, cell.scalar());
    };
    SPANDREL_RETURN_IF_ERROR(VisitCells(group, column, rows, wanted[column], add_cell));
  }
  return {};
}

// Of all values the first `limit` are wanted, so no more need be kept.
void ValueSet::Add(std::string text) {
  if (values_.size() >= limit_ && (limit_ == 0 || text > *values_.rbegin())) return;
  const size_t text_bytes = text.size();
  if (!values_.insert(std::move(text)).second) return;
  bytes_ += kValueBytes + text_bytes;
  if (values_.size() <= limit_) return;
  const auto last = std::prev(values_.end());
  bytes_ -= kValueBytes + last->size();
  values_.erase(last);
}

void ValueSet::AddMessage(std::string_view message) {
  const auto value = storage::FindAttribute(span::SpanView(message).attributes(),
                                            std::get<AttributeField>(field_));
  if (value) Add(value->ToText());
}

void ValueSet::AddCell(const ColumnKey& column, std::string_view text, uint64_t scalar) {
  if (column.kind == FieldKind::kMessage) return AddMessage(text);
  Add(ViewOfCell(column.type, text, scalar).ToText());
}

void ValueSet::AddTemplate(const RowGroup& group, const AttributeCells& cells, uint32_t of_template,
                           std::vector<std::vector<uint8_t>>* wanted) {
  const TemplateTable& table = group.table();
  const Template& made = table.templates[of_template];
  const auto deciding = cells.In(table.layouts[made.layout]);
  if (!deciding) return;
  const ConstantCell& constant = made.cells[deciding->cell];
  if (constant.is_constant) {
    return AddCell(table.columns[deciding->column], constant.text, constant.scalar);
  }
  auto& templates = (*wanted)[deciding->column];
  templates.resize(table.templates.size());
  templates[of_template] = 1;
}

}  // namespace spandrel::columnar
