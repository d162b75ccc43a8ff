// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Protobuf's wire format written into memory that is known to be large enough: each function writes
// at `out` and returns the end of what it wrote.
namespace spandrel::sdk {

// Most lengths take one byte.
inline size_t VarintSize(uint64_t value) {
  if (value < 0x80) [[likely]]
    return 1;
  return static_cast<size_t>(std::bit_width(value) + 6) / 7;
}

inline char* WriteVarint(char* out, uint64_t value) {
  while (value >= 0x80) [[unlikely]] {
      *out++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
  *out++ = static_cast<char>(value);
  return out;
}

inline char* WriteFixed32(char* out, uint32_t value) {
  std::memcpy(out, &value, sizeof(value));
  return out + sizeof(value);
}

inline char* WriteFixed64(char* out, uint64_t value) {
  std::memcpy(out, &value, sizeof(value));
  return out + sizeof(value);
}

inline char* WriteRaw(char* out, std::string_view bytes) {
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

// The tag bytes of fields 1 to 15.
constexpr char LengthTag(int field) {
  return static_cast<char>(field << 3 | 2);
}
constexpr char VarintTag(int field) {
  return static_cast<char>(field << 3);
}
constexpr char Fixed64Tag(int field) {
  return static_cast<char>(field << 3 | 1);
}

// A length-delimited field up to its content, and with it.
inline size_t LengthFieldSize(size_t content) {
  return 1 + VarintSize(content) + content;
}
inline char* WriteLengthHead(char* out, char tag, size_t content) {
  *out++ = tag;
  return WriteVarint(out, content);
}
inline char* WriteLengthField(char* out, char tag, std::string_view content) {
  return WriteRaw(WriteLengthHead(out, tag, content.size()), content);
}

static_assert(std::endian::native == std::endian::little,
              "protobuf's fixed fields are copied as they are");

}  // namespace spandrel::sdk
