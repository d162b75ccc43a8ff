// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace spandrel::pipeline {

// `type[/name]`: which kind of component, and which one of that kind.
struct ComponentId {
  std::string type;
  std::string name;  // often empty

  std::string ToString() const { return name.empty() ? type : type + "/" + name; }
  friend bool operator==(const ComponentId&, const ComponentId&) = default;
};

// A type is a letter and up to 62 letters, digits and `_`; a name has up to 1024 bytes without
// spaces, control characters and symbols. Spaces around either part do not count.
base::Result<ComponentId> ParseComponentId(std::string_view text);

}  // namespace spandrel::pipeline
