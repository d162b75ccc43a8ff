// SPDX-License-Identifier: Apache-2.0
#include "span/value.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/base64.h"
#include "base/utf8.h"
#include "proto/field_reader.h"

namespace spandrel::span {
namespace {

using proto::NextField;

AttributeView ReadKeyValue(std::string_view message) {
  AttributeView attribute;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == otlp::kKeyValueKey) attribute.key = field.bytes;
    if (field.number == otlp::kKeyValueValue) attribute.value = ValueView::FromMessage(field.bytes);
  }
  return attribute;
}

// A character that JSON takes as it is, without a look at what follows it.
bool IsPlainAscii(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

constexpr uint64_t EachByte(uint8_t byte) {
  return byte * 0x0101010101010101U;
}

// Whether eight characters are all plain ASCII. Bytes from 0x80 on are told by their high bit; in
// the others a borrow sets it of those that are below 0x20, or zero once what is looked for has
// been xor-ed away. Borrows go on only from bytes that are not plain.
bool ArePlainAscii(const char* eight) {
  uint64_t word = 0;
  std::memcpy(&word, eight, sizeof(word));
  const auto mark = [word](char c) {
    return (word ^ EachByte(static_cast<uint8_t>(c))) - EachByte(1);
  };
  const uint64_t marks =
      word | (word - EachByte(0x20)) | (word + EachByte(1)) | mark('"') | mark('\\');
  return (marks & EachByte(0x80)) == 0;
}

// Where the first character behind `at` is that is not plain.
size_t EndOfPlainAscii(std::string_view text, size_t at) {
  while (text.size() - at >= sizeof(uint64_t) && ArePlainAscii(text.data() + at)) {
    at += sizeof(uint64_t);
  }
  while (at < text.size() && IsPlainAscii(text[at])) ++at;
  return at;
}

// A character that must be escaped, or a byte that is not part of well-formed UTF-8.
void AppendEscaped(char c, std::string* json) {
  static constexpr std::string_view kShort = "\"\\\n\r\t\b\f";
  static constexpr std::string_view kLetters = "\"\\nrtbf";
  const auto byte = static_cast<uint8_t>(c);
  if (const size_t at = kShort.find(c); at != std::string_view::npos) {
    *json += '\\';
    *json += kLetters[at];
  } else if (byte < 0x80) {
    *json += fmt::format("\\u{:04x}", byte);
  } else {
    *json += "\\ufffd";
  }
}

void AppendScalarJson(const ValueView& value, std::string* json) {
  switch (value.type()) {
    case ValueType::kEmpty:
      *json += "null";
      break;
    case ValueType::kString:
      AppendJsonString(value.bytes(), json);
      break;
    case ValueType::kBytes:
      *json += '"' + base::Base64Encode(value.bytes()) + '"';
      break;
    case ValueType::kDouble:
      if (!std::isfinite(value.as_double())) {
        *json += '"' + value.ToText() + '"';
        break;
      }
      [[fallthrough]];
    default:
      *json += value.ToText();
  }
}

// A container being written: what is left of it and how it closes.
struct OpenContainer {
  bool is_map;
  ArrayReader elements;
  AttributeReader entries;
  bool first = true;
};

OpenContainer Open(const ValueView& value, std::string* json) {
  const bool is_map = value.type() == ValueType::kKvlist;
  *json += is_map ? '{' : '[';
  return {is_map, ArrayReader(is_map ? std::string_view() : value.bytes()),
          AttributeReader(is_map ? value.bytes() : std::string_view(), otlp::kListValues)};
}

// The next element, with the comma and the key before it; nothing when the container is done.
std::optional<ValueView> NextElement(OpenContainer* container, std::string* json) {
  std::optional<AttributeView> entry;
  std::optional<ValueView> value;
  if (container->is_map) {
    entry = container->entries.Next();
    if (entry) value = entry->value;
  } else {
    value = container->elements.Next();
  }
  if (!value) return std::nullopt;
  if (!container->first) *json += ',';
  container->first = false;
  if (entry) {
    AppendJsonString(entry->key, json);
    *json += ':';
  }
  return value;
}

}  // namespace

ValueView ValueView::FromMessage(std::string_view message) {
  ValueView value;
  proto::Field field;
  while (NextField(&message, &field)) {
    switch (field.number) {
      case otlp::kAnyValueString:
        if (field.is_bytes()) value = {ValueType::kString, field.bytes, 0};
        break;
      case otlp::kAnyValueBool:
        if (field.is_varint()) value = {ValueType::kBool, {}, field.scalar != 0 ? 1U : 0U};
        break;
      case otlp::kAnyValueInt:
        if (field.is_varint()) value = {ValueType::kInt, {}, field.scalar};
        break;
      case otlp::kAnyValueDouble:
        if (field.is_fixed64()) value = {ValueType::kDouble, {}, field.scalar};
        break;
      case otlp::kAnyValueArray:
        if (field.is_bytes()) value = {ValueType::kArray, field.bytes, 0};
        break;
      case otlp::kAnyValueKvlist:
        if (field.is_bytes()) value = {ValueType::kKvlist, field.bytes, 0};
        break;
      case otlp::kAnyValueBytes:
        if (field.is_bytes()) value = {ValueType::kBytes, field.bytes, 0};
        break;
      default:
        break;
    }
  }
  return value;
}

double ValueView::as_double() const {
  return std::bit_cast<double>(scalar_);
}

std::string ValueView::ToText() const {
  switch (type_) {
    case ValueType::kEmpty:
      return "";
    case ValueType::kString:
      return std::string(bytes_);
    case ValueType::kBool:
      return as_bool() ? "true" : "false";
    case ValueType::kInt:
      return fmt::format("{}", as_int());
    case ValueType::kDouble: {
      const double number = as_double();
      if (std::isnan(number)) return "NaN";
      if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
      return fmt::format("{}", number);
    }
    case ValueType::kBytes:
      return base::Base64Encode(bytes_);
    case ValueType::kArray:
    case ValueType::kKvlist:
      break;
  }
  std::string json;
  AppendValueJson(*this, &json);
  return json;
}

std::optional<ValueView> ArrayReader::Next() {
  proto::Field field;
  while (NextField(&rest_, &field)) {
    if (field.number == otlp::kListValues && field.is_bytes()) {
      return ValueView::FromMessage(field.bytes);
    }
  }
  return std::nullopt;
}

std::optional<AttributeView> AttributeReader::Next() {
  proto::Field field;
  while (NextField(&rest_, &field)) {
    if (field.number == field_ && field.is_bytes()) return ReadKeyValue(field.bytes);
  }
  return std::nullopt;
}

std::optional<ValueView> FindAttribute(AttributeReader attributes, std::string_view key) {
  std::optional<ValueView> found;
  while (auto attribute = attributes.Next()) {
    if (attribute->key == key) found = attribute->value;
  }
  return found;
}

void AppendValueJson(const ValueView& value, std::string* json) {
  const auto is_container = [](const ValueView& v) {
    return v.type() == ValueType::kArray || v.type() == ValueType::kKvlist;
  };
  if (!is_container(value)) return AppendScalarJson(value, json);
  std::vector<OpenContainer> open = {Open(value, json)};
  while (!open.empty()) {
    const auto element = NextElement(&open.back(), json);
    if (!element) {
      *json += open.back().is_map ? '}' : ']';
      open.pop_back();
    } else if (is_container(*element)) {
      open.push_back(Open(*element, json));
    } else {
      AppendScalarJson(*element, json);
    }
  }
}

void AppendJsonString(std::string_view text, std::string* json) {
  *json += '"';
  size_t run = 0;  // where the text not yet appended starts
  for (size_t at = 0; at < text.size();) {
    if (IsPlainAscii(text[at])) {
      at = EndOfPlainAscii(text, at + 1);
      continue;
    }
    if (const size_t size = base::Utf8SequenceSize(text.substr(at)); size > 1) {
      at += size;
      continue;
    }
    json->append(text.substr(run, at - run));
    AppendEscaped(text[at], json);
    run = ++at;
  }
  json->append(text.substr(run));
  *json += '"';
}

}  // namespace spandrel::span
