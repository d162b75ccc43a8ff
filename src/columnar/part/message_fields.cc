// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/message_fields.h"

#include <cstring>

#include "span/span_view.h"
#include "span/value.h"

// Wire format: https://protobuf.dev/programming-guides/encoding/. Field keys that occur here have
// numbers below 16 and so one byte, but for the flags.
namespace spandrel::columnar {
namespace {

namespace otlp = span::otlp;

constexpr uint8_t KeyOf(uint32_t number, uint32_t wire_type) {
  return static_cast<uint8_t>(number << 3 | wire_type);
}

constexpr uint8_t kTraceIdKey = KeyOf(otlp::kSpanTraceId, 2);
constexpr uint8_t kSpanIdKey = KeyOf(otlp::kSpanSpanId, 2);
constexpr uint8_t kTraceStateKey = KeyOf(otlp::kSpanTraceState, 2);
constexpr uint8_t kParentIdKey = KeyOf(otlp::kSpanParentSpanId, 2);
constexpr uint8_t kNameKey = KeyOf(otlp::kSpanName, 2);
constexpr uint8_t kKindKey = KeyOf(otlp::kSpanKind, 0);
constexpr uint8_t kStartKey = KeyOf(otlp::kSpanStartTime, 1);
constexpr uint8_t kEndKey = KeyOf(otlp::kSpanEndTime, 1);
constexpr uint8_t kAttributeKey = KeyOf(otlp::kSpanAttributes, 2);
constexpr uint8_t kDroppedAttributesKey = KeyOf(otlp::kSpanDroppedAttributesCount, 0);
constexpr uint8_t kEventsKey = KeyOf(otlp::kSpanEvents, 2);
constexpr uint8_t kDroppedEventsKey = KeyOf(otlp::kSpanDroppedEventsCount, 0);
constexpr uint8_t kLinksKey = KeyOf(otlp::kSpanLinks, 2);
constexpr uint8_t kDroppedLinksKey = KeyOf(otlp::kSpanDroppedLinksCount, 0);
constexpr uint8_t kStatusKey = KeyOf(otlp::kSpanStatus, 2);
constexpr uint8_t kFlagsKey0 = KeyOf(otlp::kSpanFlags, 5) | 0x80;  // two bytes: number 16
constexpr uint8_t kFlagsKey1 = otlp::kSpanFlags >> 4;

constexpr uint8_t kKeyValueKey = KeyOf(span::otlp::kKeyValueKey, 2);
constexpr uint8_t kKeyValueValue = KeyOf(span::otlp::kKeyValueValue, 2);
constexpr uint8_t kStringValue = KeyOf(span::otlp::kAnyValueString, 2);
constexpr uint8_t kBoolValue = KeyOf(span::otlp::kAnyValueBool, 0);
constexpr uint8_t kIntValue = KeyOf(span::otlp::kAnyValueInt, 0);
constexpr uint8_t kDoubleValue = KeyOf(span::otlp::kAnyValueDouble, 1);

// Takes things off the front of bytes; what is not in its shortest form fails.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool done() const { return at_ == end_; }
  const char* at() const { return at_; }
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
    if (!TakeVarint(&size) || size > static_cast<uint64_t>(end_ - at_)) return false;
    *bytes = {at_, size};
    at_ += size;
    return true;
  }
  bool TakeFixed(void* value, size_t size) {
    if (static_cast<size_t>(end_ - at_) < size) return false;
    std::memcpy(value, at_, size);
    at_ += size;
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

bool TakeValue(std::string_view message, MessageField* field) {
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

bool TakeAttribute(Cursor* message, MessageField* field) {
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

// The field that starts at `first` and all that follow of the same key.
bool TakeRun(uint8_t key, const char* first, Cursor* message, MessageField* field) {
  std::string_view skipped;
  do {
    if (!message->TakeBytes(&skipped)) return false;
  } while (message->TakeByte(key));
  field->kind = FieldKind::kRun;
  field->type = CellType::kText;
  field->text = {first, static_cast<size_t>(message->at() - first)};
  return true;
}

bool TakeText(Cursor* message, MessageField* field) {
  field->kind = FieldKind::kText;
  field->type = CellType::kText;
  return message->TakeBytes(&field->text);
}

bool TakeCount(Cursor* message, MessageField* field) {
  field->kind = FieldKind::kVarint;
  field->type = CellType::kInt;
  return message->TakeVarint(&field->scalar);
}

template <typename Id>
bool TakeId(Cursor* message, FieldKind kind, const Id& known, MessageField* field) {
  field->kind = kind;
  std::string_view bytes;
  return message->TakeBytes(&bytes) && bytes == known.view();
}

bool TakeTime(Cursor* message, FieldKind kind, uint64_t known, MessageField* field) {
  field->kind = kind;
  uint64_t time = 0;
  return message->TakeFixed(&time, sizeof(time)) && time == known;
}

bool TakeField(Cursor* message, const span::SpanEntry& entry, MessageField* field) {
  const char* const first = message->at();
  const uint8_t key = message->Peek();
  message->TakeByte(key);
  field->number = key >> 3;
  switch (key) {
    case kTraceIdKey:
      return TakeId(message, FieldKind::kTraceId, entry.trace_id, field);
    case kSpanIdKey:
      return TakeId(message, FieldKind::kSpanId, entry.span_id, field);
    case kParentIdKey:
      return TakeId(message, FieldKind::kParentId, entry.parent_span_id, field);
    case kStartKey:
      return TakeTime(message, FieldKind::kStart, entry.start_time_unix_nano, field);
    case kEndKey:
      return TakeTime(message, FieldKind::kEnd, entry.end_time_unix_nano, field);
    case kNameKey:
      field->kind = FieldKind::kName;
      return message->TakeBytes(&field->text);
    case kKindKey:
      field->kind = FieldKind::kKind;
      return message->TakeVarint(&field->scalar) &&
             field->scalar == static_cast<uint64_t>(entry.kind);
    case kAttributeKey:
      return TakeAttribute(message, field);
    case kTraceStateKey:
    case kStatusKey:
      return TakeText(message, field);
    case kEventsKey:
    case kLinksKey:
      return TakeRun(key, first, message, field);
    case kDroppedAttributesKey:
    case kDroppedEventsKey:
    case kDroppedLinksKey:
      return TakeCount(message, field);
    case kFlagsKey0:
      field->number = otlp::kSpanFlags;
      field->kind = FieldKind::kFixed32;
      field->type = CellType::kInt;
      return message->TakeByte(kFlagsKey1) && message->TakeFixed(&field->scalar, sizeof(uint32_t));
    default:
      return false;
  }
}

void AppendVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

void AppendBytes(uint8_t key, std::string_view bytes, std::string* out) {
  out->push_back(static_cast<char>(key));
  AppendVarint(bytes.size(), out);
  out->append(bytes);
}

template <typename T>
void AppendFixedField(uint8_t key, T value, std::string* out) {
  out->push_back(static_cast<char>(key));
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

size_t ValueSize(const MessageField& field) {
  switch (field.type) {
    case CellType::kText:
      return 1 + VarintSize(field.text.size()) + field.text.size();
    case CellType::kInt:
      return 1 + VarintSize(field.scalar);
    case CellType::kBool:
      return 2;
    case CellType::kDouble:
      return 9;
    default:
      return field.text.size();
  }
}

void AppendValue(const MessageField& field, std::string* out) {
  switch (field.type) {
    case CellType::kText:
      return AppendBytes(kStringValue, field.text, out);
    case CellType::kInt:
    case CellType::kBool:
      out->push_back(static_cast<char>(field.type == CellType::kInt ? kIntValue : kBoolValue));
      return AppendVarint(field.scalar, out);
    case CellType::kDouble:
      return AppendFixedField(kDoubleValue, field.scalar, out);
    default:
      out->append(field.text);
  }
}

void AppendAttribute(const MessageField& field, std::string* out) {
  const size_t value_size = ValueSize(field);
  out->push_back(static_cast<char>(kAttributeKey));
  AppendVarint(
      1 + VarintSize(field.key.size()) + field.key.size() + 1 + VarintSize(value_size) + value_size,
      out);
  AppendBytes(kKeyValueKey, field.key, out);
  out->push_back(static_cast<char>(kKeyValueValue));
  AppendVarint(value_size, out);
  AppendValue(field, out);
}

}  // namespace

bool TakeApart(std::string_view message, const span::SpanEntry& entry,
               std::vector<MessageField>* fields) {
  fields->clear();
  Cursor cursor(message);
  uint32_t seen = 0;
  while (!cursor.done()) {
    MessageField& field = fields->emplace_back();
    if (!TakeField(&cursor, entry, &field)) return false;
    // Attributes may come as often as they like; a second run of events is kept apart as it was.
    const bool may_repeat = field.kind == FieldKind::kAttribute || field.kind == FieldKind::kRun;
    const uint32_t bit = uint32_t{1} << field.number;
    if (!may_repeat && (seen & bit) != 0) return false;
    seen |= bit;
  }
  return true;
}

void AppendField(const MessageField& field, const RowValues& row, std::string* message) {
  switch (field.kind) {
    case FieldKind::kTraceId:
      return AppendBytes(kTraceIdKey, row.trace_id.view(), message);
    case FieldKind::kSpanId:
      return AppendBytes(kSpanIdKey, row.span_id.view(), message);
    case FieldKind::kParentId:
      return AppendBytes(kParentIdKey, row.parent_id.view(), message);
    case FieldKind::kStart:
      return AppendFixedField(kStartKey, row.start, message);
    case FieldKind::kEnd:
      return AppendFixedField(kEndKey, row.end, message);
    case FieldKind::kName:
      return AppendBytes(kNameKey, row.name, message);
    case FieldKind::kKind:
      message->push_back(static_cast<char>(kKindKey));
      return AppendVarint(static_cast<uint64_t>(row.kind), message);
    case FieldKind::kText:
      return AppendBytes(KeyOf(field.number, 2), field.text, message);
    case FieldKind::kVarint:
      message->push_back(static_cast<char>(KeyOf(field.number, 0)));
      return AppendVarint(field.scalar, message);
    case FieldKind::kFixed32:
      message->push_back(static_cast<char>(kFlagsKey0));
      message->push_back(static_cast<char>(kFlagsKey1));
      message->append(reinterpret_cast<const char*>(&field.scalar), sizeof(uint32_t));
      return;
    case FieldKind::kAttribute:
      return AppendAttribute(field, message);
    case FieldKind::kRun:
    case FieldKind::kMessage:
      message->append(field.text);
      return;
  }
}

}  // namespace spandrel::columnar
