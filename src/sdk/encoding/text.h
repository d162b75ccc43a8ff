// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "opentelemetry/nostd/string_view.h"

namespace spandrel::sdk {

inline std::string_view View(opentelemetry::nostd::string_view text) {
  return {text.data(), text.size()};
}

// Without blanks on both sides.
inline std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// Copies text that is mostly short, without a call, and returns the bits that occur in it, so that
// one pass both copies and looks for what is not ASCII. The last words may overlap.
[[gnu::always_inline]] inline uint64_t CopyText(char* out, std::string_view text) {
  using Words = uint64_t __attribute__((vector_size(16)));
  const auto copy_ends = [&](auto head) {
    auto tail = head;
    char* const out_tail = out + text.size() - sizeof(tail);
    std::memcpy(&head, text.data(), sizeof(head));
    std::memcpy(&tail, text.data() + text.size() - sizeof(tail), sizeof(tail));
    std::memcpy(out, &head, sizeof(head));
    std::memcpy(out_tail, &tail, sizeof(tail));
    return head | tail;
  };
  if (text.size() > 16) {
    Words seen = {};
    for (size_t i = 0; i + sizeof(seen) < text.size(); i += sizeof(seen)) {
      Words words;
      std::memcpy(&words, text.data() + i, sizeof(words));
      std::memcpy(out + i, &words, sizeof(words));
      seen |= words;
    }
    const size_t tail = text.size() - sizeof(seen);
    Words words;
    std::memcpy(&words, text.data() + tail, sizeof(words));
    std::memcpy(out + tail, &words, sizeof(words));
    seen |= words;
    return seen[0] | seen[1];
  }
  if (text.size() >= 8) return copy_ends(uint64_t{});
  if (text.size() >= 4) return copy_ends(uint32_t{});
  uint64_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    out[i] = text[i];
    seen |= static_cast<uint8_t>(text[i]);
  }
  return seen;
}

}  // namespace spandrel::sdk
