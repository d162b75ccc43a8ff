// SPDX-License-Identifier: Apache-2.0
#include "cli/look.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/ascii.h"

namespace spandrel::cli {
namespace {

constexpr std::array<std::string_view, 8> kCodes = {"", "1", "2", "31", "32", "33", "34", "36"};

std::string_view Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// Unless the locale says that it has another encoding.
bool SpeaksUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = base::LowerCase(Environment(name));
    if (value.empty()) continue;
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return true;
}

size_t TerminalWidth() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

bool WantsColour(std::string_view colour) {
  if (colour != "auto") return colour == "always";
  return isatty(STDOUT_FILENO) != 0 && Environment("NO_COLOR").empty() &&
         Environment("TERM") != "dumb";
}

}  // namespace

std::string Look::Paint(std::string_view text, Ink ink) const {
  if (!colour || ink == Ink::kPlain || text.empty()) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", kCodes[static_cast<size_t>(ink)], text);
}

Look LookOfOutput(std::string_view colour) {
  return {.colour = WantsColour(colour), .unicode = SpeaksUtf8(), .width = TerminalWidth()};
}

}  // namespace spandrel::cli
