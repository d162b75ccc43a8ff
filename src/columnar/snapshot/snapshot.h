// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/metrics.h"
#include "columnar/head/head_view.h"
#include "columnar/part/read/part.h"

namespace spandrel::columnar {

// Everything that is stored at one moment; each span in exactly one place. Holding it keeps files
// mapped and buffers alive, and blocks nobody.
struct Snapshot {
  std::vector<PartPtr> parts;
  std::vector<HeadView> heads;  // oldest first
  // Spans whose payload block turned out to be damaged when it was read.
  base::Counter* unreadable_spans = nullptr;
};

}  // namespace spandrel::columnar
