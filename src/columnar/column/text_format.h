// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// Constants of text columns and the notations of their values; docs/formats/columns.md. Numbers on
// disk never change meaning.
namespace spandrel::columnar {

inline constexpr uint32_t kMaxTextRows = uint32_t{1} << 28;
// Prefix and suffix together.
inline constexpr size_t kMaxAffixBytes = 1024;
inline constexpr uint32_t kMaxDigits = 18;
// Raw bytes of every block of kCompressed but the last.
inline constexpr uint32_t kTextBlockBytes = 64 * 1024;
// kCompressed keeps where the bytes of every such group of rows begin.
inline constexpr uint32_t kTextGroupRows = 128;
inline constexpr uint16_t kUpperCaseFlag = 1;

inline constexpr uint32_t kUuidBytes = 16;
inline constexpr uint32_t kUuidChars = 36;
constexpr bool IsUuidDash(uint32_t at) {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

inline constexpr std::array<uint64_t, kMaxDigits + 1> kPowersOfTen = [] {
  std::array<uint64_t, kMaxDigits + 1> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The value of a hexadecimal digit of that case, or -1.
constexpr int HexDigit(char c, bool upper_case) {
  if (IsDigit(c)) return c - '0';
  const char first = upper_case ? 'A' : 'a';
  return c >= first && c < first + 6 ? c - first + 10 : -1;
}

// Reads 2 * `bytes` digits; false when one is not a digit of that case.
inline bool ReadHex(const char* text, uint32_t bytes, bool upper_case, char* out) {
  for (uint32_t i = 0; i < bytes; ++i) {
    const int high = HexDigit(text[2 * i], upper_case);
    const int low = HexDigit(text[2 * i + 1], upper_case);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<char>(high << 4 | low);
  }
  return true;
}

inline void WriteHex(const char* bytes, uint32_t count, bool upper_case, char* out) {
  const char* digits = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
  for (uint32_t i = 0; i < count; ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    out[2 * i] = digits[byte >> 4];
    out[2 * i + 1] = digits[byte & 15];
  }
}

// Reads kUuidChars characters into kUuidBytes; false when they are not a lower-case UUID.
inline bool ReadUuid(const char* text, char* out) {
  std::array<char, 2 * kUuidBytes> digits{};
  size_t count = 0;
  for (uint32_t i = 0; i < kUuidChars; ++i) {
    if (!IsUuidDash(i))
      digits[count++] = text[i];
    else if (text[i] != '-')
      return false;
  }
  return ReadHex(digits.data(), kUuidBytes, false, out);
}

inline void WriteUuid(const char* bytes, char* out) {
  std::array<char, 2 * kUuidBytes> digits;
  WriteHex(bytes, kUuidBytes, false, digits.data());
  size_t count = 0;
  for (uint32_t i = 0; i < kUuidChars; ++i) out[i] = IsUuidDash(i) ? '-' : digits[count++];
}

// Reads a decimal number of 1 to kMaxDigits digits: of exactly `digits`, or when that is 0 without
// leading zeros. False when the text is not one.
inline bool ReadNumber(std::string_view text, uint32_t digits, uint64_t* number) {
  if (text.empty() || text.size() > kMaxDigits) return false;
  if (digits == 0 ? text.size() > 1 && text[0] == '0' : text.size() != digits) return false;
  *number = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    *number = *number * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}

}  // namespace spandrel::columnar
