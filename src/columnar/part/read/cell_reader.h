// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/part/read/row_group.h"
#include "span/span_view.h"

namespace spandrel::columnar {

// What a cell of an attribute says: its text or message, or else its scalar.
span::ValueView ViewOfCell(CellType type, std::string_view text, uint64_t scalar);

// Reads the cells of a column one after the other. Errors are DATA_LOSS of the row group. One
// thread; lives no longer than the row group.
class CellReader {
 public:
  static base::Result<CellReader> Open(const RowGroup& group, uint32_t column);

  uint32_t size() const { return size_; }
  bool is_text() const { return texts_.has_value(); }
  // Of texts that have a dictionary.
  bool has_dictionary() const { return dictionary_.has_value(); }
  uint32_t dictionary_size() const { return dictionary_->dictionary_size(); }
  std::string_view TextOf(uint32_t code) const { return dictionary_->DictionaryAt(code); }

  // Goes to the next cell; there must be one.
  base::Status Next();

  // The cell. A text lives until the next call of Next.
  uint32_t code() const { return static_cast<uint32_t>(numbers_[at_]); }
  uint64_t scalar() const { return numbers_[at_]; }
  std::string_view text() const { return dictionary_ ? TextOf(code()) : views_[at_]; }

 private:
  CellReader() = default;

  base::Status Fill();

  uint32_t size_ = 0;
  uint32_t next_ = 0;  // the cell behind those that were read
  size_t at_ = 0;      // in the buffer
  size_t buffered_ = 0;
  std::vector<uint64_t> numbers_;  // codes or scalars that were read
  std::span<const std::string_view> views_;
  std::optional<columns::TextReader> texts_;
  std::optional<columns::TextColumn> dictionary_;
  std::optional<NumberColumn> scalars_;
};

// Goes through rows, by their templates, and the cells that a column has of them side by side:
// calls `visit(size_t row)`, which returns a Status, with `cells` at the cell of each row that has
// one.
template <typename Visit>
base::Status VisitRowsWithCell(const RowGroup& group, uint32_t column,
                               const std::vector<uint32_t>& template_of, CellReader* cells,
                               Visit&& visit) {
  std::vector<uint8_t> has_cell(group.table().templates.size());
  for (uint32_t i = 0; i < has_cell.size(); ++i) {
    const auto stored = group.StoredColumns(i);
    has_cell[i] = std::find(stored.begin(), stored.end(), column) != stored.end() ? 1 : 0;
  }
  for (size_t row = 0; row < template_of.size(); ++row) {
    if (has_cell[template_of[row]] == 0) continue;
    SPANDREL_RETURN_IF_ERROR(cells->Next());
    SPANDREL_RETURN_IF_ERROR(visit(row));
  }
  return {};
}

}  // namespace spandrel::columnar
