// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/message_fields.h"

#include "columnar/part/format/message_cursor.h"
#include "proto/writer.h"

namespace spandrel::columnar {
namespace {

using namespace message_bytes;  // NOLINT(google-build-using-namespace)
using proto::AppendVarint;
using proto::LengthFieldSize;
using proto::VarintSize;

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
      field->kind = FieldKind::kRun;
      field->type = CellType::kText;
      return TakeRun(key, message, &field->text);
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
      return LengthFieldSize(field.text.size());
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
  AppendVarint(LengthFieldSize(field.key.size()) + LengthFieldSize(value_size), out);
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
    field.end = static_cast<size_t>(cursor.at() - message.data());
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
      return AppendBytes(KeyByte(field.number, WireType::kBytes), field.text, message);
    case FieldKind::kVarint:
      message->push_back(static_cast<char>(KeyByte(field.number, WireType::kVarint)));
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
