// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <optional>
#include <vector>

#include "span/field_reader.h"
#include "span/span_view.h"
#include "wire/json/json_writer.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_schema.h"
#include "wire/otlp/span_groups.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;
using span::MessageReader;
using span::NextField;
using span::ProtoField;
using span::ValueType;
using span::ValueView;

// An array or map that is being written.
struct OpenList {
  MessageReader elements;
  bool is_map;
  bool in_entry;  // the value of a KeyValue, whose object closes with it
};

struct Entry {
  std::string_view key;
  std::optional<std::string_view> value;
};

Entry ReadEntry(std::string_view key_value) {
  Entry entry;
  ProtoField field;
  while (NextField(&key_value, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == otlp::kKeyValueKey) entry.key = field.bytes;
    if (field.number == otlp::kKeyValueValue) entry.value = field.bytes;
  }
  return entry;
}

// Writes KeyValue messages, with a stack of its own for the values that nest.
class AttributeWriter {
 public:
  explicit AttributeWriter(JsonWriter* json) : json_(json) {}

  void Write(std::string_view key_value) {
    StartEntry(key_value);
    while (!open_.empty()) {
      const bool is_map = open_.back().is_map;
      const auto element = open_.back().elements.Next();
      if (!element) {
        EndList();
      } else if (is_map) {
        StartEntry(*element);
      } else {
        StartValue(*element, false);
      }
    }
  }

 private:
  void StartEntry(std::string_view key_value) {
    const Entry entry = ReadEntry(key_value);
    json_->OpenObject();
    json_->Key("key");
    json_->String(entry.key);
    if (!entry.value) return json_->CloseObject();
    json_->Key("value");
    StartValue(*entry.value, true);
  }

  void StartValue(std::string_view any_value, bool in_entry) {
    const ValueView value = ValueView::FromMessage(any_value);
    json_->OpenObject();
    if (value.type() == ValueType::kArray || value.type() == ValueType::kKvlist) {
      const bool is_map = value.type() == ValueType::kKvlist;
      json_->Key(is_map ? "kvlistValue" : "arrayValue");
      json_->OpenObject();
      json_->Key("values");
      json_->OpenArray();
      open_.push_back({{value.bytes(), otlp::kListValues}, is_map, in_entry});
      return;
    }
    WriteScalar(value);
    json_->CloseObject();
    if (in_entry) json_->CloseObject();
  }

  void EndList() {
    json_->CloseArray();
    json_->CloseObject();
    json_->CloseObject();
    if (open_.back().in_entry) json_->CloseObject();
    open_.pop_back();
  }

  void WriteScalar(const ValueView& value) {
    switch (value.type()) {
      case ValueType::kString:
        json_->Key("stringValue");
        return json_->String(value.bytes());
      case ValueType::kBool:
        json_->Key("boolValue");
        return json_->Bool(value.as_bool());
      case ValueType::kInt:
        json_->Key("intValue");
        return json_->QuotedInt(value.as_int());
      case ValueType::kDouble:
        json_->Key("doubleValue");
        return json_->Double(value.as_double());
      case ValueType::kBytes:
        json_->Key("bytesValue");
        return json_->Base64(value.bytes());
      default:
        return;
    }
  }

  JsonWriter* json_;
  std::vector<OpenList> open_;
};

// Writes the messages of the schema's tables; recurses along the schema only.
class MessageWriter {
 public:
  explicit MessageWriter(JsonWriter* json) : json_(json), attributes_(json) {}

  void Write(MessageRule rules, std::string_view message) {
    const uint64_t present = NumbersIn(message);
    json_->OpenObject();
    for (const FieldRule& rule : rules) {
      if ((present >> rule.number & 1) != 0) WriteField(rule, message);
    }
    json_->CloseObject();
  }

 private:
  static uint64_t NumbersIn(std::string_view message) {
    uint64_t numbers = 0;
    ProtoField field;
    while (NextField(&message, &field)) {
      if (field.number < 64) numbers |= uint64_t{1} << field.number;
    }
    return numbers;
  }

  void WriteField(const FieldRule& rule, std::string_view message) {
    switch (rule.kind) {
      case FieldKind::kRepeatedMessage:
      case FieldKind::kRepeatedString:
      case FieldKind::kAttributes:
        return WriteRepeated(rule, message);
      case FieldKind::kString:
      case FieldKind::kId:
      case FieldKind::kMessage:
        return WriteBytes(rule, message);
      default:
        return WriteNumber(rule, message);
    }
  }

  void WriteRepeated(const FieldRule& rule, std::string_view message) {
    json_->Key(rule.name);
    json_->OpenArray();
    MessageReader elements(message, rule.number);
    while (const auto element = elements.Next()) {
      switch (rule.kind) {
        case FieldKind::kRepeatedMessage:
          Write(rule.message, *element);
          break;
        case FieldKind::kRepeatedString:
          json_->String(*element);
          break;
        default:
          attributes_.Write(*element);
      }
    }
    json_->CloseArray();
  }

  void WriteBytes(const FieldRule& rule, std::string_view message) {
    std::optional<std::string_view> bytes;
    MessageReader reader(message, rule.number);
    while (const auto next = reader.Next()) bytes = next;
    if (!bytes || (bytes->empty() && rule.kind != FieldKind::kMessage)) return;
    json_->Key(rule.name);
    if (rule.kind == FieldKind::kMessage) return Write(rule.message, *bytes);
    if (rule.kind == FieldKind::kId) return json_->Hex(*bytes);
    json_->String(*bytes);
  }

  void WriteNumber(const FieldRule& rule, std::string_view message) {
    const uint64_t value = LastNumber(rule, message);
    if (value == 0) return;
    json_->Key(rule.name);
    if (rule.kind == FieldKind::kFixed64) return json_->QuotedUint(value);
    const bool is_enum = rule.kind == FieldKind::kSpanKind || rule.kind == FieldKind::kStatusCode;
    if (is_enum) return json_->Int(static_cast<int32_t>(value));
    json_->Uint(static_cast<uint32_t>(value));
  }

  static uint64_t LastNumber(const FieldRule& rule, std::string_view message) {
    const span::WireType type = rule.kind == FieldKind::kFixed64   ? span::WireType::kFixed64
                                : rule.kind == FieldKind::kFixed32 ? span::WireType::kFixed32
                                                                   : span::WireType::kVarint;
    uint64_t value = 0;
    ProtoField field;
    while (NextField(&message, &field)) {
      if (field.number == rule.number && field.type == type) value = field.scalar;
    }
    return value;
  }

  JsonWriter* json_;
  AttributeWriter attributes_;
};

void WriteSchemaUrl(std::string_view url, JsonWriter* json) {
  if (url.empty()) return;
  json->Key("schemaUrl");
  json->String(url);
}

void WriteScopeGroup(const ScopeGroup& group, MessageWriter* messages, JsonWriter* json) {
  const span::SpanRef& first = group.spans.front();
  json->OpenObject();
  if (first.scope_entry().present) {
    json->Key("scope");
    messages->Write(kScopeMessage, first.scope().message);
  }
  json->Key("spans");
  json->OpenArray();
  for (const span::SpanRef& ref : group.spans) messages->Write(kSpanMessage, ref.message());
  json->CloseArray();
  WriteSchemaUrl(first.scope_schema_url(), json);
  json->CloseObject();
}

}  // namespace

std::string EncodeOtlpJson(const span::SpanBatch& batch) {
  std::string text;
  text.reserve(batch.byte_size() * 2);
  JsonWriter json(&text);
  MessageWriter messages(&json);
  json.OpenObject();
  json.Key("resourceSpans");
  json.OpenArray();
  for (const ResourceGroup& group : GroupByResource(batch)) {
    json.OpenObject();
    if (group.first().resource_entry().present) {
      json.Key("resource");
      messages.Write(kResourceMessage, group.first().resource().message);
    }
    json.Key("scopeSpans");
    json.OpenArray();
    for (const ScopeGroup& scope : group.scopes) WriteScopeGroup(scope, &messages, &json);
    json.CloseArray();
    WriteSchemaUrl(group.first().resource_schema_url(), &json);
    json.CloseObject();
  }
  json.CloseArray();
  json.CloseObject();
  return text;
}

}  // namespace spandrel::wire
