// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "columnar/part/read/row_group.h"
#include "columnar/read/match/attribute_cells.h"
#include "columnar/read/match/matcher.h"

namespace spandrel::columnar {

// What a leaf says of texts that were asked about before, so that a regular expression sees a text
// that comes again and again once. Bounded. One thread.
class TextVerdicts {
 public:
  explicit TextVerdicts(const Leaf& leaf);

  bool Holds(std::string_view text);

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  const storage::Evaluator& evaluator_;
  const bool is_dear_;  // to ask
  std::unordered_map<std::string, bool, Hash, std::equal_to<>> known_;
};

// Which cells of a row group decide a leaf on attributes, trace state, status message, events or
// links: for each template either a verdict that all its rows share, or columns to look into. What
// templates of a layout have in common is found out once.
class LeafDeciders {
 public:
  // What a column is to a template: its rows have no cell there, or one that does not matter, or
  // one that decides.
  enum Role : uint8_t { kNoCell, kOther, kDecides };

  // All must live as long as the deciders.
  LeafDeciders(const RowGroup& group, const Leaf& leaf, TextVerdicts& known);

  // 1 when the leaf holds for all rows of a template, whatever the columns say.
  uint8_t Fixed(uint32_t of_template) const { return fixed_[of_template]; }
  bool AnyFixed() const { return any_fixed_; }
  // The columns that decide for some template.
  const std::vector<uint32_t>& columns() const { return columns_; }
  // By template.
  std::vector<uint8_t> RolesOf(uint32_t column) const;

  // For each cell of a column whether the leaf holds where it decides; empty when it holds for
  // none. DATA_LOSS when the column is damaged.
  base::Result<std::vector<uint8_t>> Hits(uint32_t column) const;

 private:
  bool Matters(const ColumnKey& column) const;
  bool DecideByOneColumn();
  // The cells that decide in each layout.
  void FindCells();
  void DecideTemplate(uint32_t of_template, std::vector<uint8_t>* decides);
  bool HoldsForConstant(const ColumnKey& column, const ConstantCell& cell) const;
  bool HoldsForText(const ColumnKey& column, std::string_view text) const;
  bool HoldsForScalar(const ColumnKey& column, uint64_t scalar) const;
  bool HoldsForMessage(std::string_view message) const;
  base::Result<std::vector<uint8_t>> TextHits(uint32_t column) const;
  base::Result<std::vector<uint8_t>> CodeHits(const columns::TextColumn& texts,
                                              const ColumnKey& key) const;
  base::Result<std::vector<uint8_t>> NumberHits(uint32_t column) const;

  const RowGroup& group_;
  const Leaf& leaf_;
  TextVerdicts& known_;
  uint8_t absent_ = 0;                          // what the leaf says of a span without such a cell
  std::vector<std::vector<LayoutCell>> cells_;  // that count, by layout
  std::vector<uint8_t> fixed_;                  // by template
  bool any_fixed_ = false;
  std::vector<uint32_t> columns_;
  std::optional<columns::TextColumn> one_column_;  // has a cell that decides for every row
};

}  // namespace spandrel::columnar
