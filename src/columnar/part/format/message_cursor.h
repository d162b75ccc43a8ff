// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "columnar/part/format/message_fields.h"
#include "span/span_view.h"
#include "span/value.h"

// What TakeApart and MessageSample share: how the bytes of a Span message are walked. Wire format:
// https://protobuf.dev/programming-guides/encoding/.
namespace spandrel::columnar::message_bytes {

namespace otlp = span::otlp;

// Field keys that occur here have numbers below 16 and so one byte, but for the flags.
constexpr uint8_t KeyOf(uint32_t number, uint32_t wire_type) {
  return static_cast<uint8_t>(number << 3 | wire_type);
}

inline constexpr uint8_t kTraceIdKey = KeyOf(otlp::kSpanTraceId, 2);
inline constexpr uint8_t kSpanIdKey = KeyOf(otlp::kSpanSpanId, 2);
inline constexpr uint8_t kTraceStateKey = KeyOf(otlp::kSpanTraceState, 2);
inline constexpr uint8_t kParentIdKey = KeyOf(otlp::kSpanParentSpanId, 2);
inline constexpr uint8_t kNameKey = KeyOf(otlp::kSpanName, 2);
inline constexpr uint8_t kKindKey = KeyOf(otlp::kSpanKind, 0);
inline constexpr uint8_t kStartKey = KeyOf(otlp::kSpanStartTime, 1);
inline constexpr uint8_t kEndKey = KeyOf(otlp::kSpanEndTime, 1);
inline constexpr uint8_t kAttributeKey = KeyOf(otlp::kSpanAttributes, 2);
inline constexpr uint8_t kDroppedAttributesKey = KeyOf(otlp::kSpanDroppedAttributesCount, 0);
inline constexpr uint8_t kEventsKey = KeyOf(otlp::kSpanEvents, 2);
inline constexpr uint8_t kDroppedEventsKey = KeyOf(otlp::kSpanDroppedEventsCount, 0);
inline constexpr uint8_t kLinksKey = KeyOf(otlp::kSpanLinks, 2);
inline constexpr uint8_t kDroppedLinksKey = KeyOf(otlp::kSpanDroppedLinksCount, 0);
inline constexpr uint8_t kStatusKey = KeyOf(otlp::kSpanStatus, 2);
inline constexpr uint8_t kFlagsKey0 = KeyOf(otlp::kSpanFlags, 5) | 0x80;  // two bytes: number 16
inline constexpr uint8_t kFlagsKey1 = otlp::kSpanFlags >> 4;

inline constexpr uint8_t kKeyValueKey = KeyOf(otlp::kKeyValueKey, 2);
inline constexpr uint8_t kKeyValueValue = KeyOf(otlp::kKeyValueValue, 2);
inline constexpr uint8_t kStringValue = KeyOf(otlp::kAnyValueString, 2);
inline constexpr uint8_t kBoolValue = KeyOf(otlp::kAnyValueBool, 0);
inline constexpr uint8_t kIntValue = KeyOf(otlp::kAnyValueInt, 0);
inline constexpr uint8_t kDoubleValue = KeyOf(otlp::kAnyValueDouble, 1);

// Takes things off the front of bytes; what is not in its shortest form fails.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool done() const { return at_ == end_; }
  const char* at() const { return at_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  uint8_t Peek() const { return static_cast<uint8_t>(*at_); }
  bool TakeByte(uint8_t wanted) {
    if (done() || Peek() != wanted) return false;
    ++at_;
    return true;
  }
  bool TakeVarint(uint64_t* value) {
    if (done()) return false;
    uint64_t byte = Peek();
    ++at_;
    *value = byte & 0x7f;
    if (byte < 0x80) return true;
    for (int shift = 7; byte >= 0x80; shift += 7) {
      if (done() || shift > 63) return false;
      byte = Peek();
      ++at_;
      *value |= (byte & 0x7f) << shift;
      if (byte == 0 || (shift == 63 && byte > 1)) return false;
    }
    return true;
  }
  bool TakeBytes(std::string_view* bytes) {
    uint64_t size = 0;
    if (!TakeVarint(&size) || size > left()) return false;
    *bytes = {at_, size};
    at_ += size;
    return true;
  }
  bool Skip(size_t size) {
    if (left() < size) return false;
    at_ += size;
    return true;
  }
  bool TakeFixed(void* value, size_t size) {
    if (left() < size) return false;
    std::memcpy(value, at_, size);
    at_ += size;
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

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
