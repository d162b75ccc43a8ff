// SPDX-License-Identifier: Apache-2.0
#include "wire/value_check.h"

#include <array>
#include <optional>

#include "span/field_reader.h"
#include "span/value.h"
#include "wire/otlp.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;
using span::NextField;
using span::ProtoField;

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
  ProtoField field;
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
  ProtoField field;
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
  ProtoField field;
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

}  // namespace

bool CheckKeyValue(std::string_view message, Problem* problem) {
  std::optional<std::string_view> value;
  if (!ReadKeyValue(message, &value, problem)) return false;
  if (!value) return true;
  std::optional<Container> container;
  if (!ReadAnyValue(*value, &container, problem)) return false;
  return !container || CheckContainer(*container, problem);
}

}  // namespace spandrel::wire
