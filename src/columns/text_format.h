// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/fixed.h"
#include "base/prefetch.h"
#include "base/status.h"
#include "columns/packed_ints.h"
#include "columns/text_encoding.h"

// Constants of text columns and the notations of their values; docs/formats/columns.md. Numbers on
// disk never change meaning.
namespace spandrel::columns {

inline constexpr uint32_t kMaxTextRows = uint32_t{1} << 28;
// Prefix and suffix together.
inline constexpr size_t kMaxAffixBytes = 1024;
inline constexpr uint32_t kMaxDigits = 18;
// Raw bytes of every block of kCompressed but the last.
inline constexpr uint32_t kTextBlockBytes = 64 * 1024;
// kCompressed keeps where the bytes of every such group of rows begin.
inline constexpr uint32_t kTextGroupRows = 128;
inline constexpr uint16_t kUpperCaseFlag = 1;

// What every column begins with.
void AppendTextHeader(TextEncoding encoding, size_t rows, std::string* out);
// The lengths of the values, as packed ints.
std::string EncodeTextLengths(std::span<const std::string_view> values);

// DATA_LOSS.
base::Status UnreadableText();
// Takes a column of packed numbers of which `count` are expected.
base::Status TakeTextNumbers(base::FixedReader* reader, uint32_t size, uint64_t count,
                             PackedInts* out);

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

inline constexpr uint8_t kNoHexDigit = 0xff;

// The value of each character as a hexadecimal digit of one case.
using HexValues = std::array<uint8_t, 256>;
constexpr HexValues MakeHexValues(char first_letter) {
  HexValues values{};
  for (uint8_t& value : values) value = kNoHexDigit;
  for (uint8_t i = 0; i < 10; ++i) values[static_cast<uint8_t>('0') + i] = i;
  for (uint8_t i = 0; i < 6; ++i) values[static_cast<uint8_t>(first_letter) + i] = 10 + i;
  return values;
}
inline constexpr HexValues kLowerHexValues = MakeHexValues('a');
inline constexpr HexValues kUpperHexValues = MakeHexValues('A');

// The two hexadecimal digits of each byte.
using HexPairs = std::array<std::array<char, 2>, 256>;
constexpr HexPairs MakeHexPairs(std::string_view digits) {
  HexPairs pairs{};
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {digits[i >> 4], digits[i & 15]};
  return pairs;
}
inline constexpr HexPairs kLowerHexPairs = MakeHexPairs("0123456789abcdef");
inline constexpr HexPairs kUpperHexPairs = MakeHexPairs("0123456789ABCDEF");

constexpr bool IsHexDigit(char c, bool upper_case) {
  return (upper_case ? kUpperHexValues : kLowerHexValues)[static_cast<uint8_t>(c)] != kNoHexDigit;
}

// Reads 2 * `bytes` digits; false when one is not a digit of that case.
inline bool ReadHex(const char* text, uint32_t bytes, bool upper_case, char* out) {
  const HexValues& values = upper_case ? kUpperHexValues : kLowerHexValues;
  unsigned seen = 0;
  for (uint32_t i = 0; i < bytes; ++i) {
    const unsigned high = values[static_cast<uint8_t>(text[2 * i])];
    const unsigned low = values[static_cast<uint8_t>(text[2 * i + 1])];
    seen |= high | low;
    out[i] = static_cast<char>(high << 4 | low);
  }
  return seen < 16;
}

inline void WriteHex(const char* bytes, uint32_t count, bool upper_case, char* out) {
  const HexPairs& pairs = upper_case ? kUpperHexPairs : kLowerHexPairs;
  for (uint32_t i = 0; i < count; ++i) {
    std::memcpy(out + 2 * i, pairs[static_cast<uint8_t>(bytes[i])].data(), 2);
  }
}

// The groups of digits of a UUID: where each begins in the text and in the bytes, and its bytes.
struct UuidGroup {
  uint32_t text;
  uint32_t byte;
  uint32_t bytes;
};
inline constexpr std::array<UuidGroup, 5> kUuidGroups = {
    {{0, 0, 4}, {9, 4, 2}, {14, 6, 2}, {19, 8, 2}, {24, 10, 6}}};

// Reads kUuidChars characters into kUuidBytes; false when they are not a lower-case UUID.
inline bool ReadUuid(const char* text, char* out) {
  if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
  bool ok = true;
  for (const UuidGroup& group : kUuidGroups) {
    ok &= ReadHex(text + group.text, group.bytes, false, out + group.byte);
  }
  return ok;
}

inline void WriteUuid(const char* bytes, char* out) {
  for (const UuidGroup& group : kUuidGroups) {
    WriteHex(bytes + group.byte, group.bytes, false, out + group.text);
  }
  for (const uint32_t dash : {8, 13, 18, 23}) out[dash] = '-';
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

// Asks the memory for the ends of a value that is read soon after that of `row`: values in the
// order of rows lie anywhere.
inline void PrefetchValueAfter(std::span<const std::string_view> values, size_t row) {
  constexpr size_t kAhead = 8;
  if (row + kAhead >= values.size()) return;
  const std::string_view value = values[row + kAhead];
  base::Prefetch(value.data());
  base::Prefetch(value.data() + value.size());
}

// Copies bytes; returns the end of what it writes.
inline char* Put(std::string_view bytes, char* out) {
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

// `digits` is 0 or at least as many as the number has.
inline char* PutNumber(uint64_t number, uint32_t digits, char* out) {
  std::array<char, kMaxDigits + 2> text;
  const char* end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  const auto size = static_cast<size_t>(end - text.data());
  if (size < digits) {
    std::memset(out, '0', digits - size);
    out += digits - size;
  }
  return Put({text.data(), size}, out);
}

}  // namespace spandrel::columns
