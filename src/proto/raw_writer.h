// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "proto/wire_format.h"

// Protobuf's wire format written into memory that is known to be large enough: each function writes
// at `out` and returns the end of what it wrote.
namespace spandrel::proto {

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
constexpr char LengthTag(uint32_t field) {
  return static_cast<char>(KeyByte(field, WireType::kBytes));
}
constexpr char VarintTag(uint32_t field) {
  return static_cast<char>(KeyByte(field, WireType::kVarint));
}
constexpr char Fixed64Tag(uint32_t field) {
  return static_cast<char>(KeyByte(field, WireType::kFixed64));
}

// A length-delimited field up to its content, and with it.
inline char* WriteLengthHead(char* out, char tag, size_t content) {
  *out++ = tag;
  return WriteVarint(out, content);
}
inline char* WriteLengthField(char* out, char tag, std::string_view content) {
  return WriteRaw(WriteLengthHead(out, tag, content.size()), content);
}

}  // namespace spandrel::proto
