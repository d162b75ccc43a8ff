// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/part/format/message_fields.h"

namespace spandrel::columnar {

inline constexpr uint32_t kNoColumn = UINT32_MAX;

// What the cells of a column are. The second attribute with the same key and type of a span is of
// another column, so that a span has at most one cell in each.
struct ColumnKey {
  FieldKind kind = FieldKind::kMessage;
  uint8_t number = 0;
  CellType type = CellType::kNone;
  uint8_t occurrence = 0;
  std::string key;
};

// A step of a layout: a field that is known, or the one that a column has.
struct LayoutStep {
  FieldKind kind = FieldKind::kMessage;
  uint32_t column = kNoColumn;
};

// The fields of a message in order, without their values.
using Layout = std::vector<LayoutStep>;

// The value that all rows of a template have in a column.
struct ConstantCell {
  bool is_constant = false;
  std::string_view text;  // of a text column
  uint64_t scalar = 0;    // of any other
};

// What many spans have in common. The part's dictionary holds scopes and names.
struct Template {
  uint32_t layout = 0;
  uint32_t scope = 0;
  uint32_t name = 0;
  span::SpanKind kind = span::SpanKind::kUnspecified;
  span::SpanStatus status = span::SpanStatus::kUnset;
  std::vector<ConstantCell> cells;  // of each step that has a column, in order
};

// The templates of a row group, the most frequent one first, and what they are made of.
struct TemplateTable {
  std::vector<ColumnKey> columns;
  std::vector<Layout> layouts;
  std::vector<Template> templates;

  // Steps of the template's layout that have a column.
  size_t CellCount(const Layout& layout) const;
};

std::string EncodeTemplateTable(const TemplateTable& table);

// Reads a table; texts are views of `bytes`. DATA_LOSS when it is not one, or names scopes and
// names beyond what the dictionary has.
base::Result<TemplateTable> ParseTemplateTable(std::string_view bytes, size_t scope_count,
                                               size_t name_count);

}  // namespace spandrel::columnar
