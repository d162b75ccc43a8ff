// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

// Numbers of one bit width, one behind the other, the lowest bit first. Widths are 0 to 56 and 64,
// so that eight bytes always hold a whole number; reading may touch up to 8 bytes behind the last.
namespace spandrel::columnar {

inline constexpr unsigned kMaxOddWidth = 56;

constexpr bool IsPackedWidth(unsigned width) {
  return width <= kMaxOddWidth || width == 64;
}
constexpr unsigned RoundToPackedWidth(unsigned bits) {
  return bits <= kMaxOddWidth ? bits : 64;
}
constexpr uint64_t LowBits(unsigned width) {
  return width >= 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
}

inline uint64_t LoadWord(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

inline uint64_t PackedAt(const char* in, unsigned width, uint32_t index) {
  const uint64_t bit = uint64_t{index} * width;
  return LoadWord(in + bit / 8) >> (bit % 8) & LowBits(width);
}

// Adds `base` to each of `groups` * 8 packed numbers of W bits, which take `groups` * W bytes.
template <unsigned W, typename T>
void UnpackGroups(const char* in, uint32_t groups, T base, T* out) {
  for (uint32_t group = 0; group < groups; ++group, in += W, out += 8) {
    [&]<unsigned... I>(std::integer_sequence<unsigned, I...>) {
      ((out[I] = base + static_cast<T>(LoadWord(in + I * W / 8) >> (I * W % 8) & LowBits(W))), ...);
    }
    (std::make_integer_sequence<unsigned, 8>());
  }
}

template <typename T>
using UnpackFunction = void (*)(const char* in, uint32_t groups, T base, T* out);

// The function of each width; those of widths that do not occur are never called.
template <typename T>
inline constexpr auto kUnpackFunctions = []<unsigned... W>(std::integer_sequence<unsigned, W...>) {
  return std::array<UnpackFunction<T>, 65>{&UnpackGroups<RoundToPackedWidth(W), T>...};
}
(std::make_integer_sequence<unsigned, 65>());

}  // namespace spandrel::columnar
