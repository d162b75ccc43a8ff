// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Hexadecimal digits of ids in headers, without allocating.
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

constexpr uint64_t kEach = 0x0101010101010101;

// Eight digits, each a byte, to four bytes. The high bit of each byte of the answer tells whether
// it was a lower-case digit.
inline uint64_t ReadEightDigits(const char* digits, uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, digits, sizeof(word));
  // The high bit of each byte tells whether the digit, when it is ASCII, is at least so much.
  const auto at_least = [word](uint8_t c) { return word + kEach * (0x80 - c); };
  const uint64_t decimal = at_least('0') & ~at_least('9' + 1);
  const uint64_t letter = at_least('a') & ~at_least('f' + 1);
  // 'a' is 0x61: its low half is 1, and bit 6 adds the 9 that is missing.
  const uint64_t halves = (word & kEach * 0x0f) + (word >> 6 & kEach) * 9;
  uint64_t packed = (halves << 4 | halves >> 8) & 0x00ff00ff00ff00ff;
  packed = (packed | packed >> 8) & 0x0000ffff0000ffff;
  const auto four = static_cast<uint32_t>(packed | packed >> 16);
  std::memcpy(bytes, &four, sizeof(four));
  return (decimal | letter) & ~word;
}

}  // namespace header_hex

// The value of a digit of either case; at least 16 when it is none.
inline uint8_t HexValue(char digit) {
  return header_hex::kAnyCase[static_cast<uint8_t>(digit)];
}

// Lower-case digits to half as many bytes; false when one is anything else, and then `bytes` holds
// whatever. The number of digits is even.
inline bool ReadLowerHex(std::string_view digits, uint8_t* bytes) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t are_digits = ~uint64_t{0};
  size_t i = 0;
  for (; i + 8 <= digits.size(); i += 8) {
    are_digits &= header_hex::ReadEightDigits(digits.data() + i, bytes + i / 2);
  }
  if ((~are_digits & header_hex::kEach * 0x80) != 0) return false;
  for (; i < digits.size(); i += 2) {
    const uint8_t high = header_hex::kLower[static_cast<uint8_t>(digits[i])];
    const uint8_t low = header_hex::kLower[static_cast<uint8_t>(digits[i + 1])];
    if ((high | low) > 15) return false;
    bytes[i / 2] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
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
