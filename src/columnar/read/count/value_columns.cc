// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/value_columns.h"

#include <algorithm>
#include <string>
#include <utility>

#include "columnar/part/format/message_fields.h"
#include "columnar/read/match/predicate_fields.h"
#include "proto/otlp.h"
#include "storage/span_fields.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using span::ValueView;
using storage::AttributeScope;
using storage::Intrinsic;

bool IsStatus(const ColumnKey& column) {
  return column.kind == FieldKind::kText && column.number == span::otlp::kSpanStatus;
}

// What a status message says, of the field of a span's message that holds it.
std::string StatusMessageOf(const ColumnKey& column, std::string_view text) {
  std::string message;
  AppendField({column.kind, column.number, column.type, {}, text, 0}, {}, &message);
  return std::string(span::SpanView(message).status_message);
}

void AddCell(const ColumnKey& column, std::string_view text, uint64_t scalar, InBoth counts,
             ValueTable::Field* field, ValueTable* table) {
  if (!IsStatus(column)) return table->Add(field, ViewOfCell(column.type, text, scalar), counts);
  table->Add(field, ValueView::OfString(StatusMessageOf(column, text)), counts);
}

}  // namespace

bool ValueColumns::CanAnswer(const storage::ValueCountsRequest& request) {
  return std::all_of(
             request.scopes.begin(), request.scopes.end(),
             [](AttributeScope scope) { return scope <= AttributeScope::kInstrumentation; }) &&
         std::all_of(request.intrinsics.begin(), request.intrinsics.end(), [](Intrinsic field) {
           return field == Intrinsic::kStatusMessage || IsTemplateField(field);
         });
}

ValueColumns::ValueColumns(const storage::QueryContext& context,
                           const storage::ValueCountsRequest& request, const Matcher& a,
                           const Matcher& b, ValueTable* table)
    : table_(table), a_(a), b_(b), memory_(context) {
  for (const AttributeScope scope : request.scopes) {
    if (scope == AttributeScope::kSpan) {
      of_span_ = true;
    } else {
      lists_.push_back(scope);
    }
  }
  for (const Intrinsic field : request.intrinsics) {
    if (field == Intrinsic::kStatusMessage) {
      status_message_ = true;
    } else {
      of_templates_.push_back(field);
    }
  }
}

Result<bool> ValueColumns::Add(const Part& part, uint32_t source, uint32_t group) {
  const Result<RowGroupPtr> open = part.Group(group);
  if (!open.ok()) return false;
  group_ = open->get();
  if (!CountRows(*open, source) || HasWholeMessages()) return false;
  wanted_.clear();
  for (uint32_t i = 0; i < templates_.size(); ++i) {
    if (templates_[i].any()) FindWanted(i);
  }
  if (!OpenColumns()) return false;
  field_of_column_.assign(group_->column_count(), nullptr);
  AddShared();
  for (uint32_t i = 0; i < templates_.size(); ++i) {
    if (templates_[i].any()) AddConstants(i);
  }
  for (size_t i = 0; i < wanted_.size(); ++i) {
    SPANDREL_RETURN_IF_ERROR(AddColumn(wanted_[i], &cells_[i]));
  }
  cells_.clear();
  SPANDREL_RETURN_IF_ERROR(table_->status());
  return true;
}

bool ValueColumns::CountRows(const RowGroupPtr& group, uint32_t source) {
  if (!MarkRows(&a_, group, source, &in_a_) || !MarkRows(&b_, group, source, &in_b_)) return false;
  RowColumns& columns = b_.columns();
  if (!columns.LoadTemplates().ok()) return false;
  template_of_ = columns.template_of();
  templates_.assign(group_->table().templates.size(), {});
  for (uint32_t row = 0; row < template_of_.size(); ++row) {
    templates_[template_of_[row]].Add({in_a_[row], in_b_[row]});
  }
  return true;
}

bool ValueColumns::MarkRows(RowMatcher* matcher, const RowGroupPtr& group, uint32_t source,
                            std::vector<uint64_t>* marks) {
  const auto rows = matcher->RowsOf(group, source);
  if (!rows.ok() || !matcher->columns().LoadWeights().ok()) return false;
  marks->assign(group->row_count(), 0);
  for (const uint32_t row : *rows) (*marks)[row] = matcher->columns().WeightOf(row);
  return true;
}

bool ValueColumns::HasWholeMessages() const {
  const TemplateTable& table = group_->table();
  std::vector<uint8_t> is_whole;
  for (const Layout& layout : table.layouts) {
    is_whole.push_back(std::any_of(layout.begin(), layout.end(), [](const LayoutStep& step) {
      return step.kind == FieldKind::kMessage;
    }));
  }
  for (size_t i = 0; i < templates_.size(); ++i) {
    if (templates_[i].any() && is_whole[table.templates[i].layout] != 0) return true;
  }
  return false;
}

// What all spans of a scope have, and what all spans of a template have beside attributes.
void ValueColumns::AddShared() {
  std::vector<InBoth> scopes(group_->dictionary().scopes.size());
  TemplateProbe probe(*group_);
  for (uint32_t i = 0; i < templates_.size(); ++i) {
    if (!templates_[i].any()) continue;
    table_->AddSpans(templates_[i]);
    const span::SpanRef span = probe.SpanOf(i);
    scopes[span.entry().scope].Add(templates_[i]);
    if (of_templates_.empty()) continue;
    table_->AddFieldsOf(span, storage::SpanFields(span), {}, of_templates_, templates_[i]);
  }
  for (uint32_t scope = 0; scope < scopes.size() && !lists_.empty(); ++scope) {
    if (!scopes[scope].any()) continue;
    const span::SpanRef span = probe.SpanOf(0);
    probe.entry().scope = scope;
    table_->AddFieldsOf(span, storage::SpanFields(span), lists_, {}, scopes[scope]);
  }
}

// Calls `visit(uint32_t column, const ConstantCell&)` for each cell that decides what a template's
// rows say: of attributes with the same key the last one counts.
template <typename Visit>
void ValueColumns::ForEachCell(uint32_t of_template, Visit&& visit) const {
  const TemplateTable& table = group_->table();
  const Template& made = table.templates[of_template];
  const Layout& layout = table.layouts[made.layout];
  size_t cell = table.CellCount(layout);
  std::vector<std::string_view> keys;
  for (auto step = layout.rbegin(); step != layout.rend(); ++step) {
    if (step->column == kNoColumn) continue;
    const ConstantCell& constant = made.cells[--cell];
    const ColumnKey& column = table.columns[step->column];
    if (status_message_ && IsStatus(column)) visit(step->column, constant);
    if (!of_span_ || column.kind != FieldKind::kAttribute) continue;
    if (std::find(keys.begin(), keys.end(), column.key) != keys.end()) continue;
    keys.push_back(column.key);
    visit(step->column, constant);
  }
}

void ValueColumns::FindWanted(uint32_t of_template) {
  ForEachCell(of_template, [&](uint32_t column, const ConstantCell& constant) {
    if (!constant.is_constant) Want(column, of_template);
  });
}

void ValueColumns::AddConstants(uint32_t of_template) {
  bool has_status = false;
  ForEachCell(of_template, [&](uint32_t column, const ConstantCell& constant) {
    const ColumnKey& key = group_->table().columns[column];
    has_status |= IsStatus(key);
    if (!constant.is_constant) return;
    AddCell(key, constant.text, constant.scalar, templates_[of_template], FieldOf(column), table_);
  });
  if (!status_message_ || has_status) return;
  // A status that is not there says nothing, which is a text too.
  table_->Add(&table_->FieldOf(Intrinsic::kStatusMessage), ValueView::OfString({}),
              templates_[of_template]);
}

void ValueColumns::Want(uint32_t column, uint32_t of_template) {
  auto wanted = std::find_if(wanted_.begin(), wanted_.end(),
                             [column](const Wanted& one) { return one.column == column; });
  if (wanted == wanted_.end()) {
    wanted_.push_back({column, std::vector<uint8_t>(templates_.size())});
    wanted = std::prev(wanted_.end());
  }
  wanted->templates[of_template] = 1;
}

bool ValueColumns::OpenColumns() {
  cells_.clear();
  for (const Wanted& wanted : wanted_) {
    auto cells = CellReader::Open(*group_, wanted.column);
    if (!cells.ok()) return false;
    cells_.push_back(*std::move(cells));
  }
  return true;
}

Status ValueColumns::AddColumn(const Wanted& wanted, CellReader* cells) {
  const ColumnKey& column = group_->table().columns[wanted.column];
  codes_.assign(cells->has_dictionary() ? cells->dictionary_size() : 0, {});
  SPANDREL_RETURN_IF_ERROR(memory_.GrowTo(group_->byte_size() + codes_.size() * sizeof(InBoth)));
  ValueTable::Field* const field = FieldOf(wanted.column);
  SPANDREL_RETURN_IF_ERROR(AddCells(wanted, column, cells, field));
  for (uint32_t code = 0; code < codes_.size(); ++code) {
    if (codes_[code].any()) AddCell(column, cells->TextOf(code), 0, codes_[code], field, table_);
  }
  return table_->status();
}

Status ValueColumns::AddCells(const Wanted& wanted, const ColumnKey& column, CellReader* cells,
                              ValueTable::Field* field) {
  return VisitRowsWithCell(*group_, wanted.column, template_of_, cells, [&](size_t row) -> Status {
    const InBoth counts{in_a_[row], in_b_[row]};
    if (wanted.templates[template_of_[row]] == 0 || !counts.any()) return {};
    if (cells->has_dictionary()) {
      codes_[cells->code()].Add(counts);
      return {};
    }
    const bool is_text = cells->is_text();
    AddCell(column, is_text ? cells->text() : std::string_view(), is_text ? 0 : cells->scalar(),
            counts, field, table_);
    return table_->status();
  });
}

ValueTable::Field* ValueColumns::FieldOf(uint32_t column) {
  ValueTable::Field*& field = field_of_column_[column];
  const ColumnKey& key = group_->table().columns[column];
  if (field == nullptr) {
    field = IsStatus(key) ? &table_->FieldOf(Intrinsic::kStatusMessage)
                          : &table_->FieldOf(AttributeScope::kSpan, key.key);
  }
  return field;
}

}  // namespace spandrel::columnar
