// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string_view>

#include "disk/mutant.h"

namespace spandrel::columnar {

bool disk::MutantIs(disk::Mutant mutant) {
  static const char* const chosen = std::getenv("SPANDREL_STORE_MUTANT");
  return chosen != nullptr && disk::kMutantNames[static_cast<size_t>(mutant)] == chosen;
}

}  // namespace spandrel::columnar
