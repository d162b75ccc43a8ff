// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// Hexadecimal digits of ids in headers, by table and without allocating.
namespace spandrel::wire {

namespace header_hex {

constexpr uint8_t kNotHex = 0xff;

constexpr std::array<uint8_t, 256> MakeValues(bool upper_case_too) {
  std::array<uint8_t, 256> values{};
  values.fill(kNotHex);
  for (uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
  for (uint8_t i = 0; i < 6; ++i) {
    values['a' + i] = static_cast<uint8_t>(10 + i);
    if (upper_case_too) values['A' + i] = static_cast<uint8_t>(10 + i);
  }
  return values;
}

inline constexpr std::array<uint8_t, 256> kLower = MakeValues(false);
inline constexpr std::array<uint8_t, 256> kAnyCase = MakeValues(true);

}  // namespace header_hex

// The value of a digit of either case; at least 16 when it is none.
inline uint8_t HexValue(char digit) {
  return header_hex::kAnyCase[static_cast<uint8_t>(digit)];
}

// Lower-case digits to half as many bytes; false when one is anything else, and then `bytes` holds
// whatever. The number of digits is even.
inline bool ReadLowerHex(std::string_view digits, uint8_t* bytes) {
  uint8_t seen = 0;
  for (size_t i = 0; i < digits.size() / 2; ++i) {
    const uint8_t high = header_hex::kLower[static_cast<uint8_t>(digits[2 * i])];
    const uint8_t low = header_hex::kLower[static_cast<uint8_t>(digits[2 * i + 1])];
    seen |= high | low;
    bytes[i] = static_cast<uint8_t>(high << 4 | (low & 0x0f));
  }
  return (seen & 0xf0) == 0;
}

// Returns the end of what was written.
template <typename Bytes>
char* WriteLowerHex(const Bytes& bytes, char* at) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const uint8_t byte : bytes) {
    *at++ = kDigits[byte >> 4];
    *at++ = kDigits[byte & 15];
  }
  return at;
}

}  // namespace spandrel::wire
