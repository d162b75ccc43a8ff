// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spandrel::base {

inline constexpr std::string_view kLowerHexDigits = "0123456789abcdef";
inline constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";

// 0 to 15 of a hexadecimal digit of either case, -1 of anything else.
constexpr int HexDigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Lower-case hexadecimal.
std::string HexEncode(std::string_view bytes);

// The bytes of an even number of hexadecimal digits of either case; nothing for anything else.
std::optional<std::string> HexDecode(std::string_view text);

}  // namespace spandrel::base
