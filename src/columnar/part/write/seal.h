// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"
#include "columnar/head/head.h"

namespace spandrel::columnar {

// Writes all spans of a head, to which nothing is added any more, as a part file and syncs it.
base::Status SealHead(const Head& head, const std::string& path);

}  // namespace spandrel::columnar
