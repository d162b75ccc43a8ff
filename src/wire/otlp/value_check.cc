// SPDX-License-Identifier: Apache-2.0
#include "wire/otlp/value_check.h"

#include <array>
#include <optional>

#include "proto/field_reader.h"
#include "span/value.h"
#include "wire/otlp/otlp.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;
using proto::NextField;

// What is left of an ArrayValue or KeyValueList.
struct Container {
  std::string_view rest;
  bool is_map;
};

bool Fail(const char* at, std::string_view reason, Problem* problem) {
  problem->at = at;
  problem->reason = reason;
  return false;
}

bool AtEnd(std::string_view rest, std::string_view what, Problem* problem) {
  return rest.empty() || Fail(rest.data(), what, problem);
}

// Reads the fields of an AnyValue. `container` is set when its value is an array or a map.
bool ReadAnyValue(std::string_view message, std::optional<Container>* container, Problem* problem) {
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.number == otlp::kAnyValueArray || field.number == otlp::kAnyValueKvlist) {
      if (!field.is_bytes()) continue;
      if (*container) return Fail(field.bytes.data(), "array or map given twice", problem);
      *container = Container{field.bytes, field.number == otlp::kAnyValueKvlist};
    }
  }
  return AtEnd(message, "malformed value", problem);
}

// Reads the fields of a KeyValue. `value` is set to its AnyValue message when it has one.
bool ReadKeyValue(std::string_view message, std::optional<std::string_view>* value,
                  Problem* problem) {
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.number != otlp::kKeyValueValue || !field.is_bytes()) continue;
    if (*value) return Fail(field.bytes.data(), "value given twice", problem);
    *value = field.bytes;
  }
  return AtEnd(message, "malformed attribute", problem);
}

// The message of the next element's AnyValue; `done` at the container's end.
bool NextElement(Container* container, std::optional<std::string_view>* value, bool* done,
                 Problem* problem) {
  proto::Field field;
  while (NextField(&container->rest, &field)) {
    if (field.number != otlp::kListValues || !field.is_bytes()) continue;
    if (container->is_map) return ReadKeyValue(field.bytes, value, problem);
    *value = field.bytes;
    return true;
  }
  *done = true;
  return AtEnd(container->rest, "malformed array or map", problem);
}

bool CheckContainer(const Container& outermost, Problem* problem) {
  std::array<Container, kMaxValueDepth> open;
  size_t depth = 0;
  open[depth++] = outermost;
  while (depth > 0) {
    std::optional<std::string_view> value;
    bool done = false;
    if (!NextElement(&open[depth - 1], &value, &done, problem)) return false;
    if (done) --depth;
    std::optional<Container> inner;
    if (!value) continue;
    if (!ReadAnyValue(*value, &inner, problem)) return false;
    if (!inner) continue;
    if (depth + 1 >= open.size() && !inner->rest.empty()) {
      return Fail(value->data(), "values nest deeper than 64", problem);
    }
    if (!inner->rest.empty()) open[depth++] = *inner;
  }
  return true;
}

// True for one varint of at most nine bytes and nothing else.
bool IsShortVarint(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > 9) return false;
  for (size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (static_cast<uint8_t>(bytes[i]) < 0x80) return false;
  }
  return static_cast<uint8_t>(bytes.back()) < 0x80;
}

// True for bytes behind a one-byte length and nothing else.
bool IsShortBytes(std::string_view bytes) {
  return !bytes.empty() && static_cast<uint8_t>(bytes[0]) < 0x80 &&
         static_cast<uint8_t>(bytes[0]) == bytes.size() - 1;
}

// True for an AnyValue of one scalar, written the way every encoder writes it.
[[gnu::always_inline]] inline bool IsPlainScalar(std::string_view message) {
  if (message.empty()) return true;
  const std::string_view rest = message.substr(1);
  switch (static_cast<uint8_t>(message[0])) {
    case proto::KeyByte(otlp::kAnyValueString, proto::WireType::kBytes):
    case proto::KeyByte(otlp::kAnyValueBytes, proto::WireType::kBytes):
      return IsShortBytes(rest);
    case proto::KeyByte(otlp::kAnyValueBool, proto::WireType::kVarint):
    case proto::KeyByte(otlp::kAnyValueInt, proto::WireType::kVarint):
      return IsShortVarint(rest);
    case proto::KeyByte(otlp::kAnyValueDouble, proto::WireType::kFixed64):
      return rest.size() == sizeof(uint64_t);
    default:
      return false;
  }
}

// True for a short key followed by a short scalar: nearly all attributes. What it does not know,
// the full check decides; it accepts nothing that the full check would not.
bool IsPlainKeyValue(std::string_view message) {
  constexpr uint8_t kKey = proto::KeyByte(otlp::kKeyValueKey, proto::WireType::kBytes);
  constexpr uint8_t kValue = proto::KeyByte(otlp::kKeyValueValue, proto::WireType::kBytes);
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(message[at]); };
  if (message.size() < 4 || byte(0) != kKey || byte(1) >= 0x80) return false;
  const size_t value_at = 2 + size_t{byte(1)};
  if (value_at + 2 > message.size() || byte(value_at) != kValue) return false;
  const std::string_view value = message.substr(value_at + 1);
  return IsShortBytes(value) && IsPlainScalar(value.substr(1));
}

}  // namespace

bool CheckKeyValue(std::string_view message, Problem* problem) {
  if (IsPlainKeyValue(message)) return true;
  std::optional<std::string_view> value;
  if (!ReadKeyValue(message, &value, problem)) return false;
  return !value || CheckAnyValue(*value, problem);
}

bool CheckAnyValue(std::string_view message, Problem* problem) {
  if (IsPlainScalar(message)) return true;
  std::optional<Container> container;
  if (!ReadAnyValue(message, &container, problem)) return false;
  return !container || CheckContainer(*container, problem);
}

}  // namespace spandrel::wire
