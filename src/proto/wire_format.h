// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace spandrel::proto {

// https://protobuf.dev/programming-guides/encoding/#structure
enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// The key byte of a field whose number is below 16.
constexpr uint8_t KeyByte(uint32_t number, WireType type) {
  return static_cast<uint8_t>(number << 3 | static_cast<uint32_t>(type));
}

constexpr size_t kMaxVarintSize = 10;

// Bytes that a varint takes. Most lengths take one.
constexpr size_t VarintSize(uint64_t value) {
  if (value < 0x80) [[likely]]
    return 1;
  return static_cast<size_t>(std::bit_width(value) + 6) / 7;
}

// Bytes of a length-delimited field with a one-byte key.
constexpr size_t LengthFieldSize(size_t content) {
  return 1 + VarintSize(content) + content;
}

static_assert(std::endian::native == std::endian::little,
              "protobuf's fixed fields are copied as they are");

}  // namespace spandrel::proto
