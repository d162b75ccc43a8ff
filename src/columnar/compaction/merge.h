// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/part/part.h"

namespace spandrel::columnar {

// Writes one part file with all spans of `inputs` and syncs it. Large row groups are copied as they
// are but for the numbers of their scopes and names; small ones that follow one another in time
// become one, in which the spans of a trace lie together again. DATA_LOSS when an input is damaged;
// nothing damaged is ever copied.
base::Status MergeParts(const std::vector<PartPtr>& inputs, const std::string& path);

}  // namespace spandrel::columnar
