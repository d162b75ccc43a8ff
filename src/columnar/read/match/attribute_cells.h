// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "columnar/part/format/template_table.h"
#include "storage/field.h"

namespace spandrel::columnar {

// A step of a layout that has a column; `cell` is its place among them.
struct LayoutCell {
  uint32_t cell = 0;
  uint32_t column = 0;
};

// Which cells of a row group have an attribute of spans, by its names. Of attributes with the same
// key the last one counts. Immutable.
class AttributeCells {
 public:
  // The table outlives it.
  AttributeCells(const TemplateTable& table, const storage::AttributeField& attribute);

  // Of spans of a layout: nothing when they do not have it. Where messages are kept as a whole, the
  // cell of the message, which may have it.
  std::optional<LayoutCell> In(const Layout& layout) const;

 private:
  size_t none_ = 0;
  std::vector<size_t> names_;  // of columns, as NameIndex says it; none_ of all else
};

}  // namespace spandrel::columnar
