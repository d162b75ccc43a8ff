// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <vector>

#include "proto/field_reader.h"
#include "signal/batch.h"
#include "span/span_view.h"
#include "wire/json/json_writer.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_records.h"
#include "wire/otlp/otlp_schema.h"
#include "wire/otlp/record_groups.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;
using proto::NextField;
using span::MessageReader;
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
  proto::Field field;
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
    Finish();
  }

  // An AnyValue by itself.
  void WriteValue(std::string_view any_value) {
    StartValue(any_value, false);
    Finish();
  }

 private:
  void Finish() {
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

  void StartEntry(std::string_view key_value) {
    const Entry entry = ReadEntry(key_value);
    json_->Begin(R"({"key":)");
    json_->String(entry.key);
    if (!entry.value) return json_->End("}");
    json_->Continue(R"(,"value":)");
    StartValue(*entry.value, true);
  }

  void StartValue(std::string_view any_value, bool in_entry) {
    const ValueView value = ValueView::FromMessage(any_value);
    if (value.type() == ValueType::kArray || value.type() == ValueType::kKvlist) {
      const bool is_map = value.type() == ValueType::kKvlist;
      json_->Begin(is_map ? R"({"kvlistValue":{"values":[)" : R"({"arrayValue":{"values":[)");
      open_.push_back({{value.bytes(), otlp::kListValues}, is_map, in_entry});
      return;
    }
    WriteScalar(value);
    json_->End(in_entry ? "}}" : "}");
  }

  void EndList() {
    json_->End(open_.back().in_entry ? "]}}}" : "]}}");
    open_.pop_back();
  }

  void WriteScalar(const ValueView& value) {
    switch (value.type()) {
      case ValueType::kString:
        json_->Begin(R"({"stringValue":)");
        return json_->String(value.bytes());
      case ValueType::kBool:
        json_->Begin(R"({"boolValue":)");
        return json_->Bool(value.as_bool());
      case ValueType::kInt:
        json_->Begin(R"({"intValue":)");
        return json_->QuotedInt(value.as_int());
      case ValueType::kDouble:
        json_->Begin(R"({"doubleValue":)");
        return json_->Double(value.as_double());
      case ValueType::kBytes:
        json_->Begin(R"({"bytesValue":)");
        return json_->Base64(value.bytes());
      default:
        json_->Begin("{");
    }
  }

  JsonWriter* json_;
  std::vector<OpenList> open_;
};

// Where the fields of a message lie: of each number the run from its first to its last. Numbers of
// the schema are below 32.
class FieldRuns {
 public:
  explicit FieldRuns(std::string_view message) {
    proto::Field field;
    for (std::string_view rest = message; !rest.empty();) {
      const char* const begin = rest.data();
      if (!NextField(&rest, &field)) return;
      if (field.number >= kNumbers) continue;
      if (!Has(field.number)) begins_[field.number] = begin;
      ends_[field.number] = rest.data();
      present_ |= uint32_t{1} << field.number;
    }
  }

  bool Has(uint32_t number) const { return (present_ >> number & 1) != 0; }
  // Of a field that is there. Others may lie between.
  std::string_view Of(uint32_t number) const {
    return {begins_[number], static_cast<size_t>(ends_[number] - begins_[number])};
  }

 private:
  static constexpr uint32_t kNumbers = 32;

  uint32_t present_ = 0;
  std::array<const char*, kNumbers> begins_{};
  std::array<const char*, kNumbers> ends_{};
};

// Writes the messages of the schema's tables; recurses along the schema only.
class MessageWriter {
 public:
  explicit MessageWriter(JsonWriter* json, JsonForm form = JsonForm::kOtlp)
      : json_(json), form_(form), attributes_(json) {}

  void Write(MessageRule rules, std::string_view message) {
    const FieldRuns fields(message);
    json_->OpenObject();
    for (const FieldRule& rule : rules) {
      if (fields.Has(rule.number)) WriteField(rule, fields.Of(rule.number));
    }
    json_->CloseObject();
  }

 private:
  // `message`: a part of it with all fields of that number. The same below.
  void WriteField(const FieldRule& rule, std::string_view message) {
    switch (rule.kind) {
      case FieldKind::kRepeatedMessage:
      case FieldKind::kItems:
      case FieldKind::kRepeatedString:
      case FieldKind::kAttributes:
        return WriteRepeated(rule, message);
      case FieldKind::kString:
      case FieldKind::kId:
      case FieldKind::kMessage:
      case FieldKind::kAnyValue:
        return WriteBytes(rule, message);
      case FieldKind::kPackedFixed64:
      case FieldKind::kPackedDouble:
      case FieldKind::kPackedUint64:
        return WritePacked(rule, message);
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
        case FieldKind::kItems:
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
    const bool is_message = rule.kind == FieldKind::kMessage || rule.kind == FieldKind::kAnyValue;
    if (!bytes || (bytes->empty() && !is_message)) return;
    json_->Key(rule.name);
    if (rule.kind == FieldKind::kMessage) return Write(rule.message, *bytes);
    if (rule.kind == FieldKind::kAnyValue) return attributes_.WriteValue(*bytes);
    if (rule.kind != FieldKind::kId) return json_->String(*bytes);
    if (form_ == JsonForm::kProtobuf) return json_->Base64(*bytes);
    json_->Hex(*bytes);
  }

  void WriteEnum(FieldKind kind, int32_t number) {
    const std::string_view name = form_ == JsonForm::kProtobuf ? EnumName(kind, number) : "";
    if (name.empty()) return json_->Int(number);
    json_->String(name);
  }

  // Empty for numbers that have none.
  static std::string_view EnumName(FieldKind kind, int32_t number) {
    constexpr std::array<std::string_view, 6> kSpanKinds = {
        "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
        "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
    constexpr std::array<std::string_view, 3> kStatusCodes = {"STATUS_CODE_UNSET", "STATUS_CODE_OK",
                                                              "STATUS_CODE_ERROR"};
    const auto at = static_cast<size_t>(number);
    if (kind == FieldKind::kSpanKind && at < kSpanKinds.size()) return kSpanKinds[at];
    if (kind == FieldKind::kStatusCode && at < kStatusCodes.size()) return kStatusCodes[at];
    return {};
  }

  // The numbers of the field, packed or one by one, as encoders may write either.
  void WritePacked(const FieldRule& rule, std::string_view message) {
    const proto::WireType type = rule.kind == FieldKind::kPackedUint64 ? proto::WireType::kVarint
                                                                       : proto::WireType::kFixed64;
    json_->Key(rule.name);
    json_->OpenArray();
    proto::Field field;
    while (NextField(&message, &field)) {
      if (field.number != rule.number) continue;
      if (field.type == type) WriteElement(rule, field.scalar);
      if (field.is_bytes()) WriteRun(rule, field.bytes);
    }
    json_->CloseArray();
  }

  void WriteRun(const FieldRule& rule, std::string_view run) {
    const char* at = run.data();
    const char* const end = at + run.size();
    while (at < end) {
      uint64_t value = 0;
      if (rule.kind == FieldKind::kPackedUint64) {
        if (!proto::ReadLongVarint(&at, end, &value)) return;
      } else {
        if (static_cast<size_t>(end - at) < sizeof(value)) return;
        std::memcpy(&value, at, sizeof(value));
        at += sizeof(value);
      }
      WriteElement(rule, value);
    }
  }

  void WriteElement(const FieldRule& rule, uint64_t value) {
    if (rule.kind == FieldKind::kPackedDouble) return json_->Double(std::bit_cast<double>(value));
    json_->QuotedUint(value);
  }

  void WriteNumber(const FieldRule& rule, std::string_view message) {
    const std::optional<uint64_t> last = LastNumber(rule, message);
    const bool is_optional =
        rule.kind == FieldKind::kOptionalDouble || rule.kind == FieldKind::kOptionalSfixed64;
    if (!last || (*last == 0 && !is_optional)) return;
    json_->Key(rule.name);
    switch (rule.kind) {
      case FieldKind::kFixed64:
        return json_->QuotedUint(*last);
      case FieldKind::kOptionalSfixed64:
        return json_->QuotedInt(static_cast<int64_t>(*last));
      case FieldKind::kDouble:
      case FieldKind::kOptionalDouble:
        return json_->Double(std::bit_cast<double>(*last));
      case FieldKind::kBool:
        return json_->Bool(true);
      case FieldKind::kSint32: {
        const auto zigzag = static_cast<uint32_t>(*last);
        return json_->Int(static_cast<int32_t>(zigzag >> 1 ^ (~(zigzag & 1) + 1)));
      }
      case FieldKind::kUint32:
      case FieldKind::kFixed32:
        return json_->Uint(static_cast<uint32_t>(*last));
      default:
        return WriteEnum(rule.kind, static_cast<int32_t>(*last));
    }
  }

  static proto::WireType TypeOf(FieldKind kind) {
    switch (kind) {
      case FieldKind::kFixed64:
      case FieldKind::kDouble:
      case FieldKind::kOptionalDouble:
      case FieldKind::kOptionalSfixed64:
        return proto::WireType::kFixed64;
      case FieldKind::kFixed32:
        return proto::WireType::kFixed32;
      default:
        return proto::WireType::kVarint;
    }
  }

  static std::optional<uint64_t> LastNumber(const FieldRule& rule, std::string_view message) {
    const proto::WireType type = TypeOf(rule.kind);
    std::optional<uint64_t> value;
    proto::Field field;
    while (NextField(&message, &field)) {
      if (field.number == rule.number && field.type == type) value = field.scalar;
    }
    return value;
  }

  JsonWriter* json_;
  const JsonForm form_;
  AttributeWriter attributes_;
};

void WriteSchemaUrl(std::string_view url, JsonWriter* json) {
  if (url.empty()) return;
  json->Key("schemaUrl");
  json->String(url);
}

template <typename Group>
void WriteScopeGroup(const SignalSchema& schema, const Group& group, MessageWriter* messages,
                     JsonWriter* json) {
  const auto& first = group.records.front();
  json->OpenObject();
  if (first.scope_entry().present) {
    json->Key("scope");
    messages->Write(kScopeMessage, first.scope().message);
  }
  json->Key(schema.records);
  json->OpenArray();
  for (const auto& ref : group.records) messages->Write(schema.record, ref.message());
  json->CloseArray();
  WriteSchemaUrl(first.scope_schema_url(), json);
  json->CloseObject();
}

template <typename Group>
void WriteResourceGroup(const SignalSchema& schema, const Group& group, MessageWriter* messages,
                        JsonWriter* json) {
  json->OpenObject();
  if (group.first().resource_entry().present) {
    json->Key("resource");
    messages->Write(kResourceMessage, group.first().resource().message);
  }
  json->Key(schema.scope_records);
  json->OpenArray();
  for (const auto& scope : group.scopes) WriteScopeGroup(schema, scope, messages, json);
  json->CloseArray();
  WriteSchemaUrl(group.first().resource_schema_url(), json);
  json->CloseObject();
}

template <typename Batch>
std::string EncodeJson(const Batch& batch, JsonForm form = JsonForm::kOtlp) {
  const SignalSchema& schema = SchemaOf(signal::kSignalOf<Batch>);
  std::string text;
  text.reserve(batch.byte_size() * 2);
  JsonWriter json(&text);
  MessageWriter messages(&json, form);
  json.OpenObject();
  json.Key(schema.resource_records);
  json.OpenArray();
  for (const auto& group : GroupByResource(batch.chunks())) {
    WriteResourceGroup(schema, group, &messages, &json);
  }
  json.CloseArray();
  json.CloseObject();
  return text;
}

}  // namespace

std::string EncodeOtlpJson(const span::SpanBatch& batch, JsonForm form) {
  return EncodeJson(batch, form);
}
std::string EncodeOtlpJson(const signal::MetricBatch& batch) {
  return EncodeJson(batch);
}
std::string EncodeOtlpJson(const signal::LogBatch& batch) {
  return EncodeJson(batch);
}

std::string OtlpRecordJson(signal::Signal signal, std::string_view record) {
  std::string text;
  JsonWriter json(&text);
  MessageWriter(&json).Write(SchemaOf(signal).record, record);
  return text;
}

}  // namespace spandrel::wire
