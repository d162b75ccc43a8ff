// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "columnar/part/read/cell_reader.h"
#include "columnar/part/read/part.h"
#include "columnar/read/count/value_table.h"
#include "columnar/read/match/row_matcher.h"
#include "storage/query_context.h"
#include "storage/value_counts.h"

namespace spandrel::columnar {

// Counts the values of row groups column by column: what rows of a template share, once for the
// template; a dictionary's entry once for all rows that have it. One thread.
class ValueColumns {
 public:
  // Where only lists and fields that templates and columns of one value have are asked for.
  static bool CanAnswer(const storage::ValueCountsRequest& request);

  // `a` and `b` are true of the spans of the two selections; all outlive it.
  ValueColumns(const storage::QueryContext& context, const storage::ValueCountsRequest& request,
               const Matcher& a, const Matcher& b, ValueTable* table);

  // Adds all of a row group and says true, or adds nothing: when it cannot be read, or has messages
  // that are kept as a whole. `source` is the part's number in this query. RESOURCE_EXHAUSTED when
  // the query has no memory. DATA_LOSS when a column is not what its checksum says it is; some of
  // the row group is counted then.
  base::Result<bool> Add(const Part& part, uint32_t source, uint32_t group);

 private:
  // A column that some templates have values in.
  struct Wanted {
    uint32_t column = 0;
    std::vector<uint8_t> templates;  // 1: those
  };

  bool CountRows(const RowGroupPtr& group, uint32_t source);
  static bool MarkRows(RowMatcher* rows, const RowGroupPtr& group, uint32_t source,
                       std::vector<uint64_t>* marks);
  bool HasWholeMessages() const;
  void AddShared();
  template <typename Visit>
  void ForEachCell(uint32_t of_template, Visit&& visit) const;
  void FindWanted(uint32_t of_template);
  void Want(uint32_t column, uint32_t of_template);
  // False when one of them is damaged.
  bool OpenColumns();
  void AddConstants(uint32_t of_template);
  base::Status AddColumn(const Wanted& wanted, CellReader* cells);
  base::Status AddCells(const Wanted& wanted, const ColumnKey& column, CellReader* cells,
                        ValueTable::Field* field);
  ValueTable::Field* FieldOf(uint32_t column);

  ValueTable* const table_;
  RowMatcher a_;
  RowMatcher b_;
  bool of_span_ = false;                          // attributes of spans are asked for
  bool status_message_ = false;                   // and the status message
  std::vector<storage::AttributeScope> lists_;    // the others, which spans of a scope share
  std::vector<storage::Intrinsic> of_templates_;  // and the other fields
  storage::QueryMemory memory_;

  // Of the row group that is being added.
  const RowGroup* group_ = nullptr;
  std::vector<uint32_t> template_of_;
  std::vector<uint64_t> in_a_;  // by row: how many spans it stands for there
  std::vector<uint64_t> in_b_;
  std::vector<InBoth> templates_;  // by template
  std::vector<Wanted> wanted_;
  std::vector<CellReader> cells_;                    // of wanted_
  std::vector<ValueTable::Field*> field_of_column_;  // null: not asked for yet
  std::vector<InBoth> codes_;
};

}  // namespace spandrel::columnar
