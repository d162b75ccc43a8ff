// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "columnar/part/read/row_group.h"
#include "columnar/read/match/attribute_cells.h"
#include "columnar/read/match/row_columns.h"
#include "storage/field.h"
#include "storage/query_context.h"
#include "storage/value.h"

namespace spandrel::columnar {

// The groups that the rows of a row group are in by the first values of fields, out of templates
// and columns. Serves one row group after the other. One thread.
class GroupedRows {
 public:
  // Fields that templates decide, and attributes of the span.
  static bool CanRead(const storage::FieldRef& field);

  // The fields, each of which it can read, outlive it.
  GroupedRows(const storage::QueryContext& context, const std::vector<storage::FieldRef>& fields)
      : fields_(fields), memory_(context) {}

  // Of the rows that are wanted: 1, by row. False when the row group cannot be read, has messages
  // that are kept as a whole, or has too many groups. RESOURCE_EXHAUSTED when the query has no
  // memory.
  base::Result<bool> Load(const RowGroup& group, const std::vector<uint32_t>& template_of,
                          const std::vector<uint8_t>& wanted);

  // The number of the group of each row that was wanted, and the values of a group.
  const std::vector<uint32_t>& group_of() const { return group_of_; }
  const std::vector<storage::OptionalValue>& ValuesOf(uint32_t group) const {
    return groups_[group];
  }
  size_t size() const { return groups_.size(); }

 private:
  // Of the field that is being read: which cell decides what a template's rows say.
  struct Decided {
    bool is_known = false;
    uint32_t code = 0;            // of all its rows, unless
    uint32_t column = kNoColumn;  // this column has a cell of each
  };

  bool ReadField(const storage::FieldRef& field);
  // `cells` of a field that templates do not decide.
  Decided DecidedOf(const storage::FieldRef& field, const std::optional<AttributeCells>& cells,
                    uint32_t of_template, TemplateProbe* probe);
  bool ReadColumn(uint32_t column);
  // Of a value, which is kept; some code once the query had no memory, which status_ says.
  uint32_t CodeOf(const storage::OptionalValue& value);
  bool Combine();
  // Of a value or a text more.
  bool TakeRoomFor(const storage::OptionalValue& value);

  const std::vector<storage::FieldRef>& fields_;
  storage::QueryMemory memory_;

  // Of the row group that was loaded last.
  const RowGroup* group_ = nullptr;
  const std::vector<uint32_t>* template_of_ = nullptr;
  const std::vector<uint8_t>* wanted_ = nullptr;
  std::vector<uint32_t> group_of_;
  std::vector<std::vector<storage::OptionalValue>> groups_;
  size_t bytes_ = 0;  // of groups and values
  base::Status status_;
  // Of the field that is being read.
  std::vector<Decided> decided_;  // by template
  std::vector<uint32_t> codes_;   // by row
  std::map<storage::OptionalValue, uint32_t, storage::ValueLess> known_;
  std::vector<const storage::OptionalValue*> values_;  // by code
};

}  // namespace spandrel::columnar
