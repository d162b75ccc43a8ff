// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "columnar/part/read/row_group.h"
#include "columnar/read/match/row_columns.h"

namespace spandrel::columnar {

// Rows that stand for others of their template, which say the same, and for themselves.
struct StandIns {
  std::vector<uint32_t> rows;     // ascending
  std::vector<uint64_t> weights;  // of each: how many spans it stands for
};

// Of the rows, which ascend, one for each template whose cells are in none of the columns that tell
// rows apart (1, by number), and all others. DATA_LOSS when the row group cannot be read. `columns`
// is opened.
base::Result<StandIns> StandInsOf(const RowGroup& group, const std::vector<uint32_t>& rows,
                                  const std::vector<uint8_t>& telling, RowColumns* columns);

}  // namespace spandrel::columnar
