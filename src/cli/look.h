// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spandrel::cli {

enum class Ink : uint8_t { kPlain, kBold, kDim, kRed, kGreen, kYellow, kBlue, kCyan };

// How what is printed may look.
struct Look {
  bool colour = false;
  bool unicode = true;  // lines and blocks; else ASCII
  size_t width = 0;     // columns of the terminal; 0: lines are as long as they are

  // `text` in that colour, if there are colours.
  std::string Paint(std::string_view text, Ink ink) const;
  std::string_view ellipsis() const { return unicode ? "…" : "..."; }
};

// Of standard output. `colour` is auto, always or never; auto means on a terminal, unless NO_COLOR
// is set or TERM is dumb.
Look LookOfOutput(std::string_view colour);

}  // namespace spandrel::cli
