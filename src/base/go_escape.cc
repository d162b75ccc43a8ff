// SPDX-License-Identifier: Apache-2.0
#include "base/go_escape.h"

#include <cstddef>
#include <cstdint>

#include "base/hex.h"

namespace spandrel::base {
namespace {

constexpr size_t kOctalDigits = 3;

Status Wrong(const char* message) {
  return {StatusCode::kInvalidArgument, message};
}

void AppendUtf8(uint32_t code, std::string* text) {
  const auto add = [text](uint32_t byte) { text->push_back(static_cast<char>(byte)); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | code >> 6);
    return add(0x80 | (code & 0x3F));
  }
  if (code < 0x10000) {
    add(0xE0 | code >> 12);
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3F));
  }
  add(0x80 | (code >> 6 & 0x3F));
  add(0x80 | (code & 0x3F));
}

bool IsCharacter(uint32_t code) {
  return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

Status TakeOctal(std::string_view* rest, std::string* text) {
  uint32_t byte = 0;
  for (size_t i = 0; i < kOctalDigits; ++i) {
    const char digit = i < rest->size() ? (*rest)[i] : '\0';
    if (digit < '0' || digit > '7') return Wrong("unknown escape in a text");
    byte = byte * 8 + static_cast<uint32_t>(digit - '0');
  }
  if (byte > 0xFF) return Wrong("unknown escape in a text");
  text->push_back(static_cast<char>(byte));
  rest->remove_prefix(kOctalDigits);
  return {};
}

Status TakeHex(size_t digits, bool is_byte, std::string_view* rest, std::string* text) {
  uint32_t code = 0;
  for (size_t i = 0; i < digits; ++i) {
    const int digit = i < rest->size() ? HexDigitValue((*rest)[i]) : -1;
    if (digit < 0) return Wrong("expected a hexadecimal digit");
    code = code << 4 | static_cast<uint32_t>(digit);
  }
  if (!is_byte && !IsCharacter(code)) return Wrong("that is no character");
  if (is_byte) {
    text->push_back(static_cast<char>(code));
  } else {
    AppendUtf8(code, text);
  }
  rest->remove_prefix(digits);
  return {};
}

}  // namespace

Status TakeGoEscape(std::string_view* rest, char quote, std::string* text) {
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  if (rest->empty()) return Wrong("unknown escape in a text");
  const char c = rest->front();
  const size_t letter = kLetters.find(c);
  if (letter != std::string_view::npos || c == quote) {
    text->push_back(c == quote ? quote : kMeanings[letter]);
    rest->remove_prefix(1);
    return {};
  }
  if (c != 'x' && c != 'u' && c != 'U') return TakeOctal(rest, text);
  rest->remove_prefix(1);
  return TakeHex(c == 'x' ? 2 : c == 'u' ? 4 : 8, c == 'x', rest, text);
}

}  // namespace spandrel::base
