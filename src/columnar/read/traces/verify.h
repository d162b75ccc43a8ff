// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "columnar/snapshot/snapshot.h"

namespace spandrel::columnar {

// What reading a whole part or all heads gave.
struct ReadThrough {
  uint64_t spans = 0;
  uint64_t unreadable_spans = 0;
  std::string damage;    // what is wrong; empty when nothing is
  bool stopped = false;  // `progress` said so
};

// Reads all of the part: columns, dictionary, each span's message, and what mends it.
ReadThrough ReadThroughPart(const PartPtr& part, const std::function<bool(uint64_t)>& progress);

}  // namespace spandrel::columnar
