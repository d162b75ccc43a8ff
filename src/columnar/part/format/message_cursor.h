// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "columnar/part/format/message_field.h"
#include "proto/strict_cursor.h"
#include "proto/wire_format.h"
#include "span/span_view.h"
#include "span/value.h"

// What TakeApart and MessageExample share: how the bytes of a Span message are walked. Wire format:
// https://protobuf.dev/programming-guides/encoding/.
namespace spandrel::columnar::message_bytes {

namespace otlp = span::otlp;

// Field keys that occur here have numbers below 16 and so one byte, but for the flags.
using proto::KeyByte;
using proto::WireType;

inline constexpr uint8_t kTraceIdKey = KeyByte(otlp::kSpanTraceId, WireType::kBytes);
inline constexpr uint8_t kSpanIdKey = KeyByte(otlp::kSpanSpanId, WireType::kBytes);
inline constexpr uint8_t kTraceStateKey = KeyByte(otlp::kSpanTraceState, WireType::kBytes);
inline constexpr uint8_t kParentIdKey = KeyByte(otlp::kSpanParentSpanId, WireType::kBytes);
inline constexpr uint8_t kNameKey = KeyByte(otlp::kSpanName, WireType::kBytes);
inline constexpr uint8_t kKindKey = KeyByte(otlp::kSpanKind, WireType::kVarint);
inline constexpr uint8_t kStartKey = KeyByte(otlp::kSpanStartTime, WireType::kFixed64);
inline constexpr uint8_t kEndKey = KeyByte(otlp::kSpanEndTime, WireType::kFixed64);
inline constexpr uint8_t kAttributeKey = KeyByte(otlp::kSpanAttributes, WireType::kBytes);
inline constexpr uint8_t kDroppedAttributesKey =
    KeyByte(otlp::kSpanDroppedAttributesCount, WireType::kVarint);
inline constexpr uint8_t kEventsKey = KeyByte(otlp::kSpanEvents, WireType::kBytes);
inline constexpr uint8_t kDroppedEventsKey =
    KeyByte(otlp::kSpanDroppedEventsCount, WireType::kVarint);
inline constexpr uint8_t kLinksKey = KeyByte(otlp::kSpanLinks, WireType::kBytes);
inline constexpr uint8_t kDroppedLinksKey =
    KeyByte(otlp::kSpanDroppedLinksCount, WireType::kVarint);
inline constexpr uint8_t kStatusKey = KeyByte(otlp::kSpanStatus, WireType::kBytes);
inline constexpr uint8_t kFlagsKey0 =
    KeyByte(otlp::kSpanFlags, WireType::kFixed32) | 0x80;  // two bytes: number 16
inline constexpr uint8_t kFlagsKey1 = otlp::kSpanFlags >> 4;

inline constexpr uint8_t kKeyValueKey = KeyByte(otlp::kKeyValueKey, WireType::kBytes);
inline constexpr uint8_t kKeyValueValue = KeyByte(otlp::kKeyValueValue, WireType::kBytes);
inline constexpr uint8_t kStringValue = KeyByte(otlp::kAnyValueString, WireType::kBytes);
inline constexpr uint8_t kBoolValue = KeyByte(otlp::kAnyValueBool, WireType::kVarint);
inline constexpr uint8_t kIntValue = KeyByte(otlp::kAnyValueInt, WireType::kVarint);
inline constexpr uint8_t kDoubleValue = KeyByte(otlp::kAnyValueDouble, WireType::kFixed64);

using Cursor = proto::StrictCursor;

inline bool TakeValue(std::string_view message, MessageField* field) {
  field->type = CellType::kOther;
  field->text = message;
  if (message.empty()) return true;
  Cursor value(message);
  std::string_view text;
  uint64_t scalar = 0;
  if (value.TakeByte(kStringValue)) {
    if (!value.TakeBytes(&text) || !value.done()) return true;
    field->type = CellType::kText;
    field->text = text;
  } else if (value.TakeByte(kIntValue)) {
    if (!value.TakeVarint(&scalar) || !value.done()) return true;
    field->type = CellType::kInt;
  } else if (value.TakeByte(kBoolValue)) {
    if (!value.TakeVarint(&scalar) || scalar > 1 || !value.done()) return true;
    field->type = CellType::kBool;
  } else if (value.TakeByte(kDoubleValue)) {
    if (!value.TakeFixed(&scalar, sizeof(scalar)) || !value.done()) return true;
    field->type = CellType::kDouble;
  }
  field->scalar = scalar;
  return true;
}

inline bool TakeAttribute(Cursor* message, MessageField* field) {
  std::string_view key_value;
  if (!message->TakeBytes(&key_value)) return false;
  Cursor inner(key_value);
  std::string_view value;
  if (!inner.TakeByte(kKeyValueKey) || !inner.TakeBytes(&field->key) ||
      !inner.TakeByte(kKeyValueValue) || !inner.TakeBytes(&value) || !inner.done()) {
    return false;
  }
  field->kind = FieldKind::kAttribute;
  return TakeValue(value, field);
}

// The field whose key was taken and all that follow of the same key.
inline bool TakeRun(uint8_t key, Cursor* message, std::string_view* run) {
  const char* const first = message->at() - 1;
  std::string_view skipped;
  do {
    if (!message->TakeBytes(&skipped)) return false;
  } while (message->TakeByte(key));
  *run = {first, static_cast<size_t>(message->at() - first)};
  return true;
}

}  // namespace spandrel::columnar::message_bytes
