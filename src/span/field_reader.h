// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace spandrel::span {

// https://protobuf.dev/programming-guides/encoding/#structure
enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// One field of a protobuf message: its number, wire type and value, whatever the number means.
struct ProtoField {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::string_view bytes;  // of a length-delimited field
  uint64_t scalar = 0;     // of a varint, fixed32 or fixed64 field

  bool is_bytes() const { return type == WireType::kBytes; }
  bool is_varint() const { return type == WireType::kVarint; }
  bool is_fixed64() const { return type == WireType::kFixed64; }
  bool is_fixed32() const { return type == WireType::kFixed32; }
};

// Takes the next field off the front of `message`. False at the end, and also where the bytes are
// not protobuf: then `message` is left non-empty, which is how a checking reader tells the two apart.
// Groups (wire types 3 and 4) count as malformed; OTLP has none.
bool NextField(std::string_view* message, ProtoField* field);

}  // namespace spandrel::span
