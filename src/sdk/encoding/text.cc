// SPDX-License-Identifier: Apache-2.0
#include "sdk/encoding/text.h"

namespace spandrel::sdk {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsContinuation(char c) {
  return (static_cast<uint8_t>(c) & 0xC0) == 0x80;
}

// The smallest code point that may be written with so many bytes.
constexpr uint32_t kSmallest[5] = {0, 0, 0x80, 0x800, 0x10000};

size_t LengthByFirstByte(uint8_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

// The bytes of the character that starts `text`; 0 when they are not one.
size_t CharacterLength(std::string_view text) {
  const uint8_t first = static_cast<uint8_t>(text[0]);
  const size_t length = LengthByFirstByte(first);
  if (length <= 1) return length;
  if (text.size() < length) return 0;
  uint32_t code = first & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
    code = code << 6 | (static_cast<uint8_t>(text[i]) & 0x3F);
  }
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return code < kSmallest[length] || code > 0x10FFFF || surrogate ? 0 : length;
}

}  // namespace

std::string_view CleanUtf8(std::string_view text, uint32_t max_characters, std::string& scratch) {
  scratch.clear();
  uint32_t characters = 0;
  for (size_t i = 0; i < text.size() && characters < max_characters; ++characters) {
    const size_t length = CharacterLength(text.substr(i));
    scratch.append(length == 0 ? kReplacement : text.substr(i, length));
    i += length == 0 ? 1 : length;
  }
  return scratch;
}

}  // namespace spandrel::sdk
