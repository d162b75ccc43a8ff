// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/hex.h"

namespace spandrel::span {

// An identifier of kBytes raw bytes, big-endian when read as a number. All zero means "none".
template <size_t kBytes>
struct Id {
  static constexpr size_t kSize = kBytes;
  std::array<uint8_t, kBytes> bytes{};

  // Nothing unless `raw` has exactly kBytes bytes.
  static std::optional<Id> FromBytes(std::string_view raw) {
    if (raw.size() != kBytes) return std::nullopt;
    Id id;
    std::memcpy(id.bytes.data(), raw.data(), kBytes);
    return id;
  }
  // Nothing unless `hex` is exactly 2 * kBytes hexadecimal digits.
  static std::optional<Id> FromHex(std::string_view hex) {
    const auto raw = base::HexDecode(hex);
    return raw ? FromBytes(*raw) : std::nullopt;
  }

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), kBytes}; }
  std::string ToHex() const { return base::HexEncode(view()); }
  bool IsZero() const { return *this == Id{}; }
  friend auto operator<=>(const Id&, const Id&) = default;
};

using TraceId = Id<16>;
using SpanId = Id<8>;

// Mixes all bytes: senders choose the ids, so a hash of some of them would let them collide at
// will.
struct IdHash {
  template <size_t kBytes>
  size_t operator()(const Id<kBytes>& id) const {
    uint64_t hash = 0x9e3779b97f4a7c15;
    for (size_t at = 0; at < kBytes; at += 8) {
      uint64_t word;
      std::memcpy(&word, id.bytes.data() + at, 8);
      hash = (hash ^ word) * 0xff51afd7ed558ccd;
      hash ^= hash >> 32;
    }
    return hash;
  }
};

}  // namespace spandrel::span
