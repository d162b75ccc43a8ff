// SPDX-License-Identifier: Apache-2.0
#include "cli/visible_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/utf8.h"

namespace spandrel::cli {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

constexpr Range kHidden[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},
                             {0x61c, 0x61c},   {0x180e, 0x180e}, {0x200b, 0x200f},
                             {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff},
                             {0xfff9, 0xfffb}, {0xe000, 0xf8ff}, {0xe0000, 0xe0fff}};
constexpr Range kCombining[] = {
    {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},   {0x64b, 0x65f},
    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
constexpr Range kWide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
                           {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                           {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
                           {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

template <size_t kCount>
bool IsIn(const Range (&ranges)[kCount], uint32_t character) {
  const auto* const range =
      std::lower_bound(std::begin(ranges), std::end(ranges), character,
                       [](const Range& range, uint32_t value) { return range.last < value; });
  return range != std::end(ranges) && range->first <= character;
}

// Of a well-formed sequence.
uint32_t Decode(std::string_view sequence) {
  const auto first = static_cast<uint8_t>(sequence[0]);
  if (sequence.size() == 1) return first;
  uint32_t character = first & (0x7fU >> sequence.size());
  for (const char c : sequence.substr(1)) character = character << 6 | (c & 0x3fU);
  return character;
}

std::string Escape(uint32_t character) {
  if (character == '\n') return "\\n";
  if (character == '\r') return "\\r";
  if (character == '\t') return "\\t";
  return character < 0x80 ? fmt::format("\\x{:02x}", character)
                          : fmt::format("\\u{{{:x}}}", character);
}

std::string JsonEscape(uint32_t character) {
  if (character < 0x10000) return fmt::format("\\u{:04x}", character);
  const uint32_t rest = character - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
}

size_t WidthOf(uint32_t character) {
  if (IsIn(kCombining, character)) return 0;
  return IsIn(kWide, character) ? 2 : 1;
}

// The bytes that the first `width` columns take.
size_t BytesOfColumns(std::string_view visible, size_t width) {
  size_t at = 0;
  size_t columns = 0;
  while (at < visible.size()) {
    const size_t size = std::max<size_t>(1, base::Utf8SequenceSize(visible.substr(at)));
    columns += WidthOf(Decode(visible.substr(at, size)));
    if (columns > width) break;
    at += size;
  }
  return at;
}

}  // namespace

std::string VisibleText(std::string_view text) {
  std::string visible;
  visible.reserve(text.size());
  while (!text.empty()) {
    const size_t size = base::Utf8SequenceSize(text);
    if (size == 0) {
      visible += fmt::format("\\x{:02x}", static_cast<uint8_t>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    const uint32_t character = Decode(text.substr(0, size));
    if (IsIn(kHidden, character)) {
      visible += Escape(character);
    } else {
      visible += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return visible;
}

std::string VisibleJson(std::string_view json) {
  std::string visible;
  visible.reserve(json.size());
  while (!json.empty()) {
    const size_t size = std::max<size_t>(1, base::Utf8SequenceSize(json));
    const uint32_t character = Decode(json.substr(0, size));
    if (character >= 0x7f && IsIn(kHidden, character)) {
      visible += JsonEscape(character);
    } else {
      visible += json.substr(0, size);
    }
    json.remove_prefix(size);
  }
  return visible;
}

size_t DisplayWidth(std::string_view visible) {
  size_t width = 0;
  while (!visible.empty()) {
    const size_t size = std::max<size_t>(1, base::Utf8SequenceSize(visible));
    width += WidthOf(Decode(visible.substr(0, size)));
    visible.remove_prefix(size);
  }
  return width;
}

std::string FitTo(std::string_view visible, size_t width, std::string_view ellipsis) {
  if (BytesOfColumns(visible, width) == visible.size()) return std::string(visible);
  const size_t taken = DisplayWidth(ellipsis);
  if (width < taken) return {};
  std::string fitted(visible.substr(0, BytesOfColumns(visible, width - taken)));
  return fitted.append(ellipsis);
}

}  // namespace spandrel::cli
