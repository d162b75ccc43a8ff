// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string_view>

#include "disk/mutant.h"

namespace spandrel::disk {

bool MutantIs(Mutant mutant) {
  static const char* const chosen = std::getenv("SPANDREL_STORE_MUTANT");
  return chosen != nullptr && kMutantNames[static_cast<size_t>(mutant)] == chosen;
}

}  // namespace spandrel::disk
