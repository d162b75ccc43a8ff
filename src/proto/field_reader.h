// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "proto/wire_format.h"

namespace spandrel::proto {

// One field of a protobuf message: its number, wire type and value, whatever the number means.
struct Field {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::string_view bytes;  // of a length-delimited field
  uint64_t scalar = 0;     // of a varint, fixed32 or fixed64 field

  bool is_bytes() const { return type == WireType::kBytes; }
  bool is_varint() const { return type == WireType::kVarint; }
  bool is_fixed64() const { return type == WireType::kFixed64; }
  bool is_fixed32() const { return type == WireType::kFixed32; }
};

// Reads a varint of up to ten bytes, and a field with any key. The slow path of NextField. Bits
// past the 64th are dropped, as libprotobuf does.
bool ReadLongVarint(const char** at, const char* end, uint64_t* value);
bool NextFieldSlow(std::string_view* message, Field* field);

// Takes the next field off the front of `message`. False at the end, and also where the bytes are
// not protobuf: then `message` is left non-empty, which is how a checking reader tells the two
// apart. Groups (wire types 3 and 4) count as malformed; OTLP has none.
//
// Inline for the two shapes that nearly all fields of a span have: a one-byte key with bytes of a
// one-byte length, and a one-byte key with a fixed64.
inline bool NextField(std::string_view* message, Field* field) {
  const char* const at = message->data();
  const size_t size = message->size();
  if (size < 2) return NextFieldSlow(message, field);
  const auto key = static_cast<uint8_t>(at[0]);
  const auto length = static_cast<uint8_t>(at[1]);
  if ((key & 0x87) == 2 && key >= 8 && length < 0x80 && length <= size - 2) {
    field->number = key >> 3;
    field->type = WireType::kBytes;
    field->bytes = {at + 2, length};
    *message = {at + 2 + length, size - 2 - length};
    return true;
  }
  if ((key & 0x87) == 1 && key >= 8 && size >= 9) {
    field->number = key >> 3;
    field->type = WireType::kFixed64;
    std::memcpy(&field->scalar, at + 1, sizeof(uint64_t));
    *message = {at + 9, size - 9};
    return true;
  }
  return NextFieldSlow(message, field);
}

}  // namespace spandrel::proto
