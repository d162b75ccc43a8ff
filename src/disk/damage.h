// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace spandrel::disk {

// A file that is not as it was written.
struct Damage {
  std::string file;
  std::string what;
};

}  // namespace spandrel::disk
