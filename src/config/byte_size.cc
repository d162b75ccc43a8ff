// SPDX-License-Identifier: Apache-2.0
#include "config/byte_size.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <vector>

#include "config/words.h"

namespace spandrel::config {
namespace {

using base::Status;
using base::StatusCode;

struct Unit {
  std::string_view name;
  double bytes;
};

constexpr std::array<Unit, 9> kUnits = {{{"B", 1},
                                         {"KB", 1e3},
                                         {"MB", 1e6},
                                         {"GB", 1e9},
                                         {"TB", 1e12},
                                         {"KiB", 0x1p10},
                                         {"MiB", 0x1p20},
                                         {"GiB", 0x1p30},
                                         {"TiB", 0x1p40}}};
constexpr double kLargest = 0x1p62;

std::vector<std::string> UnitNames() {
  std::vector<std::string> names;
  names.reserve(kUnits.size());
  for (const Unit& unit : kUnits) names.emplace_back(unit.name);
  return names;
}

}  // namespace

base::Result<uint64_t> ParseByteSize(std::string_view text) {
  const auto malformed = [text](std::string_view hint) {
    return Status(
        StatusCode::kInvalidArgument,
        fmt::format("{} is not a size (write for example 50GiB or 500MB){}", Quote(text), hint));
  };
  double number = 0;
  const auto parsed =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (parsed.ec != std::errc() || !(number >= 0)) return malformed("");
  std::string_view name = text.substr(static_cast<size_t>(parsed.ptr - text.data()));
  if (name.starts_with(' ')) name.remove_prefix(1);
  if (name.empty()) name = "B";
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    if (number * unit.bytes > kLargest) return malformed("; it is too large");
    return static_cast<uint64_t>(number * unit.bytes);
  }
  return malformed(DidYouMean(name, UnitNames()));
}

std::string FormatByteSize(uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kNames = {"B", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kNames.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kNames[unit]);
}

}  // namespace spandrel::config
