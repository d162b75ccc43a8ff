// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

// Numbers of one bit width, one behind the other, the lowest bit first. Widths are 0 to 56 and 64,
// so that eight bytes always hold a whole number; reading may touch up to 8 bytes behind the last.
namespace spandrel::columns {

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

// Packs the low W bits of each of `groups` * 8 numbers into `groups` * W bytes.
template <unsigned W>
void PackGroups(const uint64_t* in, uint32_t groups, char* out) {
  for (uint32_t group = 0; group < groups; ++group, in += 8, out += W) {
    std::array<uint64_t, W / 8 + 2> words{};
    [&]<unsigned... I>(std::integer_sequence<unsigned, I...>) {
      ((words[I * W / 64] |= (in[I] & LowBits(W)) << (I * W % 64),
        words[I * W / 64 + 1] |=
        I * W % 64 + W > 64 ? (in[I] & LowBits(W)) >> ((64 - I * W % 64) % 64) : 0),
       ...);
    }
    (std::make_integer_sequence<unsigned, 8>());
    std::memcpy(out, words.data(), W);
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

using PackFunction = void (*)(const uint64_t* in, uint32_t groups, char* out);

inline constexpr auto kPackFunctions = []<unsigned... W>(std::integer_sequence<unsigned, W...>) {
  return std::array<PackFunction, 65>{&PackGroups<RoundToPackedWidth(W)>...};
}
(std::make_integer_sequence<unsigned, 65>());

}  // namespace spandrel::columns
