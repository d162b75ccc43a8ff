// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/template_table.h"

#include <algorithm>

#include "base/fixed.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

void AppendText(std::string_view text, std::string* out) {
  base::AppendFixed(static_cast<uint32_t>(text.size()), out);
  out->append(text);
}

std::string_view TakeText(base::FixedReader* reader) {
  const auto size = reader->Take<uint32_t>();
  return reader->TakeBytes(size);
}

bool HasColumn(FieldKind kind) {
  return kind >= FieldKind::kText;
}

void AppendTemplate(const TemplateTable& table, const Template& made, std::string* out) {
  base::AppendFixed(made.layout, out);
  base::AppendFixed(made.scope, out);
  base::AppendFixed(made.name, out);
  base::AppendFixed(static_cast<uint8_t>(made.kind), out);
  base::AppendFixed(static_cast<uint8_t>(made.status), out);
  size_t cell = 0;
  for (const LayoutStep& step : table.layouts[made.layout]) {
    if (step.column == kNoColumn) continue;
    const ConstantCell& constant = made.cells[cell++];
    base::AppendFixed(uint8_t{constant.is_constant}, out);
    if (!constant.is_constant) continue;
    if (IsText(table.columns[step.column].type)) {
      AppendText(constant.text, out);
    } else {
      base::AppendFixed(constant.scalar, out);
    }
  }
}

ColumnKey TakeColumn(base::FixedReader* reader) {
  ColumnKey column;
  column.kind = reader->Take<FieldKind>();
  column.number = reader->Take<uint8_t>();
  column.type = reader->Take<CellType>();
  column.occurrence = reader->Take<uint8_t>();
  column.key = TakeText(reader);
  const bool known = HasColumn(column.kind) && column.kind <= FieldKind::kMessage &&
                     column.type > CellType::kNone && column.type <= CellType::kOther;
  if (!known) reader->Fail();
  return column;
}

Layout TakeLayout(base::FixedReader* reader, const std::vector<ColumnKey>& columns) {
  Layout layout;
  const auto count = reader->Take<uint32_t>();
  for (uint32_t i = 0; i < count && reader->ok(); ++i) {
    LayoutStep step;
    step.kind = reader->Take<FieldKind>();
    if (HasColumn(step.kind)) {
      step.column = reader->Take<uint32_t>();
      if (step.column >= columns.size() || columns[step.column].kind != step.kind) reader->Fail();
    }
    if (step.kind < FieldKind::kTraceId) reader->Fail();
    layout.push_back(step);
  }
  return layout;
}

Template TakeTemplate(base::FixedReader* reader, const TemplateTable& table) {
  Template made;
  made.layout = reader->Take<uint32_t>();
  made.scope = reader->Take<uint32_t>();
  made.name = reader->Take<uint32_t>();
  made.kind = reader->Take<span::SpanKind>();
  made.status = reader->Take<span::SpanStatus>();
  if (made.layout >= table.layouts.size() || made.kind > span::SpanKind::kConsumer ||
      made.status > span::SpanStatus::kError) {
    reader->Fail();
    return made;
  }
  for (const LayoutStep& step : table.layouts[made.layout]) {
    if (step.column == kNoColumn) continue;
    ConstantCell cell;
    cell.is_constant = reader->Take<uint8_t>() != 0;
    if (cell.is_constant && IsText(table.columns[step.column].type)) {
      cell.text = TakeText(reader);
    } else if (cell.is_constant) {
      cell.scalar = reader->Take<uint64_t>();
    }
    made.cells.push_back(cell);
  }
  return made;
}

}  // namespace

size_t TemplateTable::CellCount(const Layout& layout) const {
  return static_cast<size_t>(std::count_if(
      layout.begin(), layout.end(), [](const LayoutStep& s) { return s.column != kNoColumn; }));
}

std::string EncodeTemplateTable(const TemplateTable& table) {
  std::string bytes;
  base::AppendFixed(static_cast<uint32_t>(table.columns.size()), &bytes);
  for (const ColumnKey& column : table.columns) {
    base::AppendFixed(column.kind, &bytes);
    base::AppendFixed(column.number, &bytes);
    base::AppendFixed(column.type, &bytes);
    base::AppendFixed(column.occurrence, &bytes);
    AppendText(column.key, &bytes);
  }
  base::AppendFixed(static_cast<uint32_t>(table.layouts.size()), &bytes);
  for (const Layout& layout : table.layouts) {
    base::AppendFixed(static_cast<uint32_t>(layout.size()), &bytes);
    for (const LayoutStep& step : layout) {
      base::AppendFixed(step.kind, &bytes);
      if (step.column != kNoColumn) base::AppendFixed(step.column, &bytes);
    }
  }
  base::AppendFixed(static_cast<uint32_t>(table.templates.size()), &bytes);
  for (const Template& made : table.templates) AppendTemplate(table, made, &bytes);
  return bytes;
}

Result<TemplateTable> ParseTemplateTable(std::string_view bytes, size_t scope_count,
                                         size_t name_count) {
  base::FixedReader reader(bytes);
  TemplateTable table;
  const auto columns = reader.Take<uint32_t>();
  for (uint32_t i = 0; i < columns && reader.ok(); ++i)
    table.columns.push_back(TakeColumn(&reader));
  const auto layouts = reader.Take<uint32_t>();
  for (uint32_t i = 0; i < layouts && reader.ok(); ++i) {
    table.layouts.push_back(TakeLayout(&reader, table.columns));
  }
  const auto templates = reader.Take<uint32_t>();
  for (uint32_t i = 0; i < templates && reader.ok(); ++i) {
    table.templates.push_back(TakeTemplate(&reader, table));
    const Template& made = table.templates.back();
    if (made.scope >= scope_count || made.name >= name_count) reader.Fail();
  }
  if (!reader.done()) return Status(StatusCode::kDataLoss, "templates cannot be read");
  return table;
}

}  // namespace spandrel::columnar
