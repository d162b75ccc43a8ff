// SPDX-License-Identifier: Apache-2.0
#include "columnar/options/store_layout.h"

#include <fmt/format.h>

namespace spandrel::columnar {

std::string StoreLayout::PartFile(uint64_t number) const {
  return fmt::format("{}/{:010}.part", PartFolder(), number);
}

}  // namespace spandrel::columnar
