// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "columnar/compaction/group_mapping.h"
#include "columnar/part/read/part.h"
#include "columnar/part/write/row_group_encoder.h"

namespace spandrel::columnar {

// A row group of `part` as it is, with scopes, names and services called as `mapping` says. Every
// checksum is checked. DATA_LOSS when something is damaged.
base::Result<EncodedRowGroup> CopyGroup(const Part& part, uint32_t index,
                                        DictionaryMapping& mapping, DictionaryBuilder& dictionary);

}  // namespace spandrel::columnar
