// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "columnar/part/read/cell_reader.h"
#include "columnar/part/read/row_group.h"

namespace spandrel::columnar {

// The rows of a row group that match, as a list question goes through their cells.
struct MatchedRows {
  // `rows` ascend. DATA_LOSS when the row group cannot be read.
  base::Status Load(const RowGroup& group, const std::vector<uint32_t>& rows) {
    const auto templates = group.Packed(SectionKind::kTemplateOf);
    if (!templates.ok()) return templates.status();
    template_of.resize(group.row_count());
    templates->Read(0, group.row_count(), template_of.data());
    matches_all = rows.size() == group.row_count();
    is_matched.assign(group.row_count(), 0);
    uses_template.assign(group.table().templates.size(), 0);
    for (const uint32_t row : rows) {
      is_matched[row] = 1;
      uses_template[template_of[row]] = 1;
    }
    return {};
  }

  bool matches_all = false;
  std::vector<uint32_t> template_of;   // of all rows
  std::vector<uint8_t> is_matched;     // of all rows
  std::vector<uint8_t> uses_template;  // whether matching rows have a template
};

// Calls `visit(const CellReader&)` for cells of matching rows whose template is `wanted`: for each
// code of a dictionary once, for other cells all of them. DATA_LOSS when the column is damaged.
template <typename Visit>
base::Status VisitCells(const RowGroup& group, uint32_t column, const MatchedRows& rows,
                        const std::vector<uint8_t>& wanted, Visit&& visit) {
  std::vector<uint8_t> has_cell(rows.uses_template.size());
  for (uint32_t i = 0; i < has_cell.size(); ++i) {
    const auto stored = group.StoredColumns(i);
    has_cell[i] = std::find(stored.begin(), stored.end(), column) != stored.end() ? 1 : 0;
  }
  base::Result<CellReader> cells = CellReader::Open(group, column);
  if (!cells.ok()) return cells.status();
  std::vector<uint8_t> is_seen(cells->has_dictionary() ? cells->dictionary_size() : 0);
  // Where all cells are wanted, no row need be looked at.
  bool wants_all = rows.matches_all && cells->has_dictionary();
  for (size_t i = 0; i < has_cell.size(); ++i) wants_all &= has_cell[i] <= wanted[i];
  if (wants_all) {
    for (uint32_t left = cells->size(); left > 0; --left) {
      SPANDREL_RETURN_IF_ERROR(cells->Next());
      if (is_seen[cells->code()] != 0) continue;
      is_seen[cells->code()] = 1;
      visit(*cells);
    }
    return {};
  }
  for (size_t row = 0; row < rows.template_of.size(); ++row) {
    const uint32_t template_id = rows.template_of[row];
    if (has_cell[template_id] == 0) continue;
    SPANDREL_RETURN_IF_ERROR(cells->Next());
    if (rows.is_matched[row] == 0 || wanted[template_id] == 0) continue;
    if (cells->has_dictionary()) {
      if (is_seen[cells->code()] != 0) continue;
      is_seen[cells->code()] = 1;
    }
    visit(*cells);
  }
  return {};
}

}  // namespace spandrel::columnar
