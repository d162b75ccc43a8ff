// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

namespace spandrel::base {

size_t Utf8SequenceSize(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
  const bool too_large = lead == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || too_large ? 0 : size;
}

std::string_view Utf8Prefix(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  // A sequence that the cut would halve starts at most three bytes before it.
  for (size_t back = 1; back <= 3 && back <= max_bytes; ++back) {
    const size_t start = max_bytes - back;
    if ((static_cast<uint8_t>(text[start]) & 0xc0) == 0x80) continue;
    return text.substr(0, Utf8SequenceSize(text.substr(start)) > back ? start : max_bytes);
  }
  return text.substr(0, max_bytes);
}

std::string_view CleanUtf8(std::string_view text, uint32_t max_characters, std::string& scratch) {
  static constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  scratch.clear();
  uint32_t characters = 0;
  for (size_t i = 0; i < text.size() && characters < max_characters; ++characters) {
    const size_t size = Utf8SequenceSize(text.substr(i));
    scratch.append(size == 0 ? kReplacement : text.substr(i, size));
    i += size == 0 ? 1 : size;
  }
  return scratch;
}

}  // namespace spandrel::base
