// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace spandrel::base {

// The length of the well-formed UTF-8 sequence at the front of `text` (RFC 3629), which is not
// empty; 0 if there is none.
size_t Utf8SequenceSize(std::string_view text);

// The longest front of `text` with at most `max_bytes` that does not end within a sequence.
std::string_view Utf8Prefix(std::string_view text, size_t max_bytes);

// Whether words whose bits have been or-ed together held nothing but ASCII.
constexpr bool AreAsciiBits(uint64_t bits) {
  return (bits & 0x8080808080808080) == 0;
}

inline bool IsAscii(std::string_view text) {
  const char* const data = text.data();
  const size_t size = text.size();
  uint64_t seen = 0;
  uint64_t word = 0;
  if (size < sizeof(word)) {
    for (size_t i = 0; i < size; ++i) seen |= static_cast<uint8_t>(data[i]);
    return AreAsciiBits(seen);
  }
  for (size_t i = 0; i + sizeof(word) < size; i += sizeof(word)) {
    std::memcpy(&word, data + i, sizeof(word));
    seen |= word;
  }
  std::memcpy(&word, data + size - sizeof(word), sizeof(word));
  return AreAsciiBits(seen | word);
}

// CleanText for what is not ASCII. The result is `scratch`.
std::string_view CleanUtf8(std::string_view text, uint32_t max_characters, std::string& scratch);

// `text` as a protobuf string may hold it: at most `max_characters` and valid UTF-8, where every
// byte that is not part of a character becomes U+FFFD. One bad byte would otherwise make a
// collector refuse the whole request. Uses `scratch` only when something had to change.
inline std::string_view CleanText(std::string_view text, uint32_t max_characters,
                                  std::string& scratch) {
  if (IsAscii(text)) [[likely]]
    return text.substr(0, max_characters);
  return CleanUtf8(text, max_characters, scratch);
}

}  // namespace spandrel::base
