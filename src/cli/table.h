// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/look.h"

namespace spandrel::cli {

struct Cell {
  std::string text;  // visible
  Ink ink = Ink::kPlain;
};

struct Column {
  std::string title;
  bool right = false;    // numbers
  bool shrinks = false;  // is cut where lines would be too long
};

// Rows of cells under titles, in columns as wide as their widest cell. On a terminal the columns
// that may shrink are cut until the lines fit, the widest first; what cannot be made to fit stays.
// They never take more than 120 columns.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // A cell for each column.
  void Add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }

  std::string ToText(const Look& look) const;

 private:
  std::vector<size_t> Widths(const Look& look) const;
  void AppendRow(const std::vector<Cell>& row, const std::vector<size_t>& widths, const Look& look,
                 std::string* text) const;

  const std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace spandrel::cli
