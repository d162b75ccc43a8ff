// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/part/part.h"

namespace spandrel::columnar {

// Writes one part file with all spans of `inputs` and syncs it. Payload blocks are copied as they
// are, so that a merge costs little; only the light columns are brought into one order. DATA_LOSS
// when an input is damaged; nothing damaged is ever copied.
base::Status MergeParts(const std::vector<PartPtr>& inputs, const std::string& path);

}  // namespace spandrel::columnar
