// SPDX-License-Identifier: Apache-2.0
#include "base/duration_text.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace spandrel::base {

std::string ShortDurationText(uint64_t nanos) {
  // The unit goes up where three digits of the smaller one would be rounded to a thousand.
  constexpr std::array<std::pair<double, const char*>, 2> kUnits = {{{1e6, "ms"}, {1e3, "us"}}};
  const auto value = static_cast<double>(nanos);
  if (value >= 999.5e6) {
    return value < 999.5e9 ? fmt::format("{:.3g}s", value / 1e9)
                           : fmt::format("{:.0f}s", value / 1e9);
  }
  for (const auto& [size, unit] : kUnits) {
    if (value >= 0.9995 * size) return fmt::format("{:.3g}{}", value / size, unit);
  }
  return fmt::format("{}ns", nanos);
}

}  // namespace spandrel::base
