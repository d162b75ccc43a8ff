// SPDX-License-Identifier: Apache-2.0
#include "pipeline/service.h"

#include <algorithm>

namespace spandrel::pipeline {

const ComponentConfig* FindComponent(const std::vector<ComponentConfig>& components,
                                     std::string_view id) {
  const auto found = std::find_if(components.begin(), components.end(),
                                  [&](const ComponentConfig& it) { return it.id == id; });
  return found == components.end() ? nullptr : &*found;
}

}  // namespace spandrel::pipeline
