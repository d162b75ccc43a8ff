// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spandrel::columnar {

// What a piece of a Span message is. Numbers on disk never change meaning.
enum class FieldKind : uint8_t {
  // Known from the row: ids and times.
  kTraceId = 1,
  kSpanId = 2,
  kParentId = 3,
  kStart = 4,
  kEnd = 5,
  // Known from the template.
  kName = 6,
  kKind = 7,
  // One cell of a column.
  kText = 8,        // a length-delimited field of its own: trace state, status
  kVarint = 9,      // a count
  kFixed32 = 10,    // the flags
  kAttribute = 11,  // a KeyValue of field 9
  kRun = 12,        // events or links: fields of one number, one after the other, with their keys
  kMessage = 13,    // the whole message, where it is not what AppendField would make of it
};

enum class CellType : uint8_t {
  kNone = 0,
  kText = 1,
  kInt = 2,     // two's complement
  kBool = 3,    // 0 or 1
  kDouble = 4,  // its bits
  kOther = 5,   // an AnyValue message of bytes, an array, a map or nothing, as text
};

inline bool IsText(CellType type) {
  return type == CellType::kText || type == CellType::kOther;
}

// A field of a Span message: what it is, and its value.
struct MessageField {
  FieldKind kind = FieldKind::kMessage;
  uint8_t number = 0;  // of the protobuf field
  CellType type = CellType::kNone;
  std::string_view key;   // of kAttribute
  std::string_view text;  // of a text cell
  uint64_t scalar = 0;    // of any other cell
  size_t end = 0;         // where its bytes end in the message
};

}  // namespace spandrel::columnar
