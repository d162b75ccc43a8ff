// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "columnar/head/head_view.h"
#include "columnar/part/read/part.h"
#include "columnar/snapshot/damage_notes.h"

namespace spandrel::columnar {

// Everything that is stored at one moment; each span in exactly one place. Holding it keeps files
// mapped and buffers alive, and blocks nobody.
struct Snapshot {
  std::vector<PartPtr> parts;
  std::vector<HeadView> heads;  // oldest first
  // Where readers say what they had to leave out; null: nobody asks.
  DamageNotes* damage = nullptr;
};

}  // namespace spandrel::columnar
