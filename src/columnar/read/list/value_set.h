// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "columnar/read/list/column_walk.h"
#include "columnar/read/match/attribute_cells.h"
#include "columnar/read/match/row_columns.h"
#include "span/span_view.h"
#include "storage/evaluate.h"

namespace spandrel::columnar {

// The first `limit` of the distinct texts of a field. One thread.
class ValueSet {
 public:
  ValueSet(storage::Field field, size_t limit) : field_(std::move(field)), limit_(limit) {}

  // True when AddRows may be asked: templates or the columns of one attribute have the field.
  bool HasColumns() const;

  void AddSpan(const span::SpanRef& span);
  // Adds the values of the matching rows of a row group. DATA_LOSS when it cannot be read.
  base::Status AddRows(const RowGroup& group, const MatchedRows& rows);

  std::vector<std::string> Sorted() const { return {values_.begin(), values_.end()}; }

  // What it takes, about.
  size_t byte_size() const { return bytes_; }

 private:
  void Add(std::string text);
  void AddMessage(std::string_view message);
  void AddCell(const ColumnKey& column, std::string_view text, uint64_t scalar);
  // Adds a constant, or marks the template in what is wanted of the column that decides.
  void AddTemplate(const RowGroup& group, const AttributeCells& cells, uint32_t of_template,
                   std::vector<std::vector<uint8_t>>* wanted);

  const storage::Field field_;
  const size_t limit_;
  std::set<std::string> values_;
  size_t bytes_ = 0;
};

}  // namespace spandrel::columnar
