// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "columnar/part/row_group.h"
#include "columnar/read/matcher.h"

namespace spandrel::columnar {

// Which cells of a row group decide a leaf on attributes, trace state, status message, events or
// links: for each template either a verdict that all its rows share, or columns to look into.
class LeafDeciders {
 public:
  // What a column is to a template: its rows have no cell there, or one that does not matter, or
  // one that decides.
  enum Role : uint8_t { kNoCell, kOther, kDecides };

  // Both must live as long as the deciders.
  LeafDeciders(const RowGroup& group, const Leaf& leaf);

  // 1 when the leaf holds for all rows of a template, whatever the columns say.
  uint8_t Fixed(uint32_t of_template) const { return fixed_[of_template]; }
  bool AnyFixed() const;
  // The columns that decide for some template.
  const std::vector<uint32_t>& columns() const { return columns_; }
  // By template.
  std::vector<uint8_t> RolesOf(uint32_t column) const;

  // For each cell of a column whether the leaf holds where it decides. DATA_LOSS when the column is
  // damaged.
  base::Result<std::vector<uint8_t>> Hits(uint32_t column) const;

 private:
  struct Cell {
    uint32_t column = 0;
    const ConstantCell* constant = nullptr;
  };

  bool Matters(const ColumnKey& column) const;
  void DecideTemplate(uint32_t of_template);
  bool HoldsForText(const ColumnKey& column, std::string_view text) const;
  bool HoldsForScalar(const ColumnKey& column, uint64_t scalar) const;
  bool HoldsForMessage(std::string_view message) const;
  base::Result<std::vector<uint8_t>> TextHits(uint32_t column) const;
  base::Result<std::vector<uint8_t>> NumberHits(uint32_t column) const;

  const RowGroup& group_;
  const Leaf& leaf_;
  std::vector<uint8_t> matters_;  // by column
  uint8_t absent_ = 0;            // what the leaf says of a span without such a cell
  std::vector<uint8_t> fixed_;
  std::vector<std::vector<uint32_t>> deciding_;  // columns of a template
  std::vector<uint32_t> columns_;
};

}  // namespace spandrel::columnar
