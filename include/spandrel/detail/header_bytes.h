// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Which bytes names and values of headers and metadata may have, looked at many at a time. For
// spandrel/propagation.h.
namespace spandrel::propagation::detail {

enum CharClass : uint8_t {
  kToken = 1,        // of a header's name (RFC 9110, 5.6.2)
  kField = 2,        // of a header's value (RFC 9110, 5.5), tabs and obs-text included
  kMetadataKey = 4,  // of gRPC's "Custom-Metadata" (PROTOCOL-HTTP2.md)
};

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (size_t c = 0x20; c < 0x100; ++c) classes[c] = c == 0x7f ? 0 : kField;
  classes['\t'] = kField;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    classes[static_cast<uint8_t>(c)] |= kToken;
  for (size_t c = 'A'; c <= 'Z'; ++c) classes[c] |= kToken;
  for (size_t c = 'a'; c <= 'z'; ++c) classes[c] |= kToken | kMetadataKey;
  for (size_t c = '0'; c <= '9'; ++c) classes[c] |= kToken | kMetadataKey;
  for (const char c : std::string_view("_-.")) classes[static_cast<uint8_t>(c)] |= kMetadataKey;
  return classes;
}
inline constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

inline bool AllHave(std::string_view text, uint8_t wanted) noexcept {
  for (const char c : text) {
    if ((kClasses[static_cast<uint8_t>(c)] & wanted) == 0) return false;
  }
  return true;
}

// Whether eight bytes are all of 0x20 to 0x7e.
constexpr bool ArePrintable(uint64_t bytes) noexcept {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x80 * kOnes;
  const uint64_t below_blank = bytes - 0x20 * kOnes;  // borrows into the high bit
  const uint64_t delete_or_more = bytes + kOnes;
  return ((bytes | below_blank | delete_or_more) & kHigh) == 0;
}

inline bool IsPrintable(std::string_view text) noexcept {
  uint64_t word = 0;
  while (text.size() >= sizeof(word)) {
    std::memcpy(&word, text.data(), sizeof(word));
    if (!ArePrintable(word)) return false;
    text.remove_prefix(sizeof(word));
  }
  for (const char c : text) {
    if (c < 0x20 || c == 0x7f) return false;
  }
  return true;
}

inline bool IsBlank(char c) noexcept {
  return c == ' ' || c == '\t';
}

inline bool StartsWith(std::string_view text, std::string_view prefix) noexcept {
  return text.substr(0, prefix.size()) == prefix;
}
inline bool EndsWith(std::string_view text, std::string_view suffix) noexcept {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

inline std::atomic<uint64_t> g_unsendable_pairs{0};

}  // namespace spandrel::propagation::detail
