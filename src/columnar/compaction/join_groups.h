// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/status.h"
#include "columnar/compaction/group_mapping.h"
#include "columnar/part/read/part.h"
#include "columnar/part/write/row_group_builder.h"

namespace spandrel::columnar {

// A row group that is to become part of a larger one.
struct JoinInput {
  PartPtr part;
  uint32_t index = 0;
  DictionaryMapping* mapping = nullptr;
  // What each trace of the row group is to stand for, 0 when it is left out. Without, all stay as
  // they are.
  const std::vector<uint16_t>* weights = nullptr;
};

// Gives all rows of `inputs` to `rows`, the spans of each trace together, without making messages
// of them: cells are read and given numbers anew. DATA_LOSS when an input is damaged, which its
// part is told; RESOURCE_EXHAUSTED when they have too many layouts together. Then `rows` is to be
// cleared.
base::Status JoinGroups(const std::vector<JoinInput>& inputs, RowGroupBuilder& rows);

}  // namespace spandrel::columnar
