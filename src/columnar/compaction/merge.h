// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/part/read/part.h"

namespace spandrel::columnar {

// Bytes of messages that are joined at a time, and so in memory at a time.
inline constexpr uint64_t kMaxJoinedBytes = uint64_t{64} << 20;

// Writes one part file with all spans of `inputs` and syncs it. Large row groups are copied as they
// are but for the numbers of their scopes and names; small ones that follow one another in time
// become one, in which the spans of a trace lie together again. DATA_LOSS when an input is damaged;
// nothing damaged is ever copied.
base::Status MergeParts(const std::vector<PartPtr>& inputs, const std::string& path,
                        uint64_t max_joined_bytes = kMaxJoinedBytes);

// Writes one part file with the row groups of `part` that can be read, at least one, and syncs it.
// The others are noted as damaged. DATA_LOSS when nothing can be read.
base::Status RewriteReadable(const PartPtr& part, const std::string& path);

// What stays of a row group that is judged.
struct KeptTraces {
  std::vector<uint16_t> weights;  // what each trace stands for, 0 when it goes
  uint32_t rows = 0;              // of the traces that stay
};

// Writes one judged part file with what stays of `part`, at least one row, and syncs it; `kept` is
// of its row groups. DATA_LOSS when the part is damaged.
base::Status RewritePart(const PartPtr& part, const std::vector<KeptTraces>& kept,
                         PolicyRecord record, const std::string& path);

}  // namespace spandrel::columnar
