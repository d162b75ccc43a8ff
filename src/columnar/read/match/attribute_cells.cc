// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/match/attribute_cells.h"

namespace spandrel::columnar {

AttributeCells::AttributeCells(const TemplateTable& table, const storage::AttributeField& attribute)
    : none_(storage::CountOfNames(attribute)) {
  names_.reserve(table.columns.size());
  for (const ColumnKey& column : table.columns) {
    size_t name = none_;
    if (column.kind == FieldKind::kMessage) name = 0;
    if (column.kind == FieldKind::kAttribute) name = storage::NameIndex(attribute, column.key);
    names_.push_back(name);
  }
}

std::optional<LayoutCell> AttributeCells::In(const Layout& layout) const {
  std::optional<LayoutCell> found;
  size_t name_found = none_ - 1;
  uint32_t cell = 0;
  for (const LayoutStep& step : layout) {
    if (step.column == kNoColumn) continue;
    const size_t name = names_[step.column];
    if (name <= name_found) {
      found = {cell, step.column};
      name_found = name;
    }
    ++cell;
  }
  return found;
}

}  // namespace spandrel::columnar
