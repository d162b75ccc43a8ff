// SPDX-License-Identifier: Apache-2.0
#include "base/go_duration.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace spandrel::base {
namespace {

struct Unit {
  std::string_view name;
  double nanoseconds;
};

// Longer names first, so that "ms" is not read as "m".
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", 1e3},
                                         {"\u00b5s", 1e3},
                                         {"\u03bcs", 1e3},
                                         {"ms", 1e6},
                                         {"s", 1e9},
                                         {"m", 60e9},
                                         {"h", 3600e9}}};

Status Malformed(std::string_view text) {
  return {StatusCode::kInvalidArgument,
          fmt::format("'{}' is not a duration (write for example 200ms, 5s or 1h30m)", text)};
}

// `value` divided by 10^digits, without zeros at its end.
std::string Decimal(uint64_t value, size_t digits) {
  std::string text = fmt::format("{:0{}}", value, digits + 1);
  text.insert(text.size() - digits, 1, '.');
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

Result<std::chrono::nanoseconds> ParseGoDuration(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return std::chrono::nanoseconds(0);
  if (rest.empty()) return Malformed(text);
  double total = 0;
  while (!rest.empty()) {
    const size_t number_size = rest.find_first_not_of("0123456789.");
    if (number_size == 0 || number_size == std::string_view::npos) return Malformed(text);
    double number = 0;
    const auto parsed =
        std::from_chars(rest.data(), rest.data() + number_size, number, std::chars_format::fixed);
    if (parsed.ec != std::errc() || parsed.ptr != rest.data() + number_size) return Malformed(text);
    rest.remove_prefix(number_size);
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (rest.starts_with(candidate.name)) {
        unit = &candidate;
        break;
      }
    }
    if (unit == nullptr) return Malformed(text);
    rest.remove_prefix(unit->name.size());
    total += number * unit->nanoseconds;
  }
  if (total > 9.2e18) return Malformed(text);
  const auto nanoseconds = static_cast<int64_t>(std::llround(total));
  return std::chrono::nanoseconds(negative ? -nanoseconds : nanoseconds);
}

std::string FormatGoDuration(std::chrono::nanoseconds duration) {
  const bool negative = duration.count() < 0;
  const auto count = static_cast<uint64_t>(duration.count());
  const uint64_t nanoseconds = negative ? 0 - count : count;
  std::string text = negative ? "-" : "";
  if (nanoseconds == 0) return "0s";
  if (nanoseconds < 1000) return text + fmt::format("{}ns", nanoseconds);
  if (nanoseconds < 1'000'000) return text + Decimal(nanoseconds, 3) + "us";
  if (nanoseconds < 1'000'000'000) return text + Decimal(nanoseconds, 6) + "ms";
  const uint64_t hours = nanoseconds / 3'600'000'000'000;
  const uint64_t minutes = nanoseconds / 60'000'000'000 % 60;
  const uint64_t seconds = nanoseconds % 60'000'000'000;
  if (hours > 0) text += fmt::format("{}h", hours);
  if (minutes > 0) text += fmt::format("{}m", minutes);
  if (seconds > 0) text += Decimal(seconds, 9) + "s";
  return text;
}

}  // namespace spandrel::base
