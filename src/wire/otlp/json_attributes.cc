// SPDX-License-Identifier: Apache-2.0
#include "wire/otlp/json_attributes.h"

#include <bit>

#include "base/base64.h"
#include "span/value.h"
#include "wire/json/json_scalar.h"
#include "wire/otlp/otlp.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;
using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view kCases[] = {"stringValue", "boolValue",   "intValue",  "doubleValue",
                                       "arrayValue",  "kvlistValue", "bytesValue"};

// The case of an AnyValue object that counts: the last that is not null.
struct ValueCase {
  std::string_view name;
  element value;
};

std::optional<ValueCase> FindCase(const object& any_value) {
  std::optional<ValueCase> found;
  for (const auto& member : any_value) {
    if (member.value.is_null()) continue;
    for (const std::string_view name : kCases) {
      if (IsFieldName(member.key, name)) found = ValueCase{name, member.value};
    }
  }
  return found;
}

}  // namespace

std::optional<std::string_view> JsonAttributeReader::Read(uint32_t field,
                                                          const element& key_value) {
  open_.clear();
  return Finish(StartEntry(field, key_value));
}

std::optional<std::string_view> JsonAttributeReader::ReadValue(uint32_t field,
                                                               const element& any_value) {
  open_.clear();
  return Finish(StartValue(field, any_value, 0));
}

std::optional<std::string_view> JsonAttributeReader::Finish(bool started) {
  if (!started) return reason_;
  while (!open_.empty()) {
    if (!Continue()) return reason_;
  }
  return std::nullopt;
}

bool JsonAttributeReader::Continue() {
  OpenList& list = open_.back();
  if (list.at != list.end) {
    const element next = *list.at;
    ++list.at;
    return list.is_map ? StartEntry(otlp::kListValues, next)
                       : StartValue(otlp::kListValues, next, 0);
  }
  out_->Close(list.list_mark);
  out_->Close(list.value_mark);
  if (list.entry_mark != 0) out_->Close(list.entry_mark);
  open_.pop_back();
  return true;
}

bool JsonAttributeReader::StartEntry(uint32_t field, const element& key_value) {
  object members;
  if (key_value.get(members) != SUCCESS) return Fail("attribute is not an object");
  std::string_view key;
  std::optional<element> value;
  for (const auto& member : members) {
    if (member.value.is_null()) continue;
    if (member.key == "key" && member.value.get(key) != SUCCESS) return Fail("key is not a string");
    if (member.key == "value") value = member.value;
  }
  const size_t entry_mark = out_->Open(field);
  if (!key.empty()) out_->Bytes(otlp::kKeyValueKey, key);
  if (value) return StartValue(otlp::kKeyValueValue, *value, entry_mark);
  out_->Close(entry_mark);
  return true;
}

bool JsonAttributeReader::StartValue(uint32_t field, const element& any_value, size_t entry_mark) {
  const size_t value_mark = out_->Open(field);
  object members;
  if (!any_value.is_null()) {
    if (any_value.get(members) != SUCCESS) return Fail("value is not an object");
    const auto found = FindCase(members);
    if (found && (found->name == "arrayValue" || found->name == "kvlistValue")) {
      return StartList(found->name == "kvlistValue", found->value, value_mark, entry_mark);
    }
    if (found && !WriteScalar(found->name, found->value)) return false;
  }
  out_->Close(value_mark);
  if (entry_mark != 0) out_->Close(entry_mark);
  return true;
}

bool JsonAttributeReader::StartList(bool is_map, const element& list, size_t value_mark,
                                    size_t entry_mark) {
  object members;
  if (list.get(members) != SUCCESS) return Fail("array or map is not an object");
  const size_t list_mark = out_->Open(is_map ? otlp::kAnyValueKvlist : otlp::kAnyValueArray);
  array values;
  element found;
  if (members["values"].get(found) == SUCCESS && !found.is_null()) {
    if (found.get(values) != SUCCESS) return Fail("values is not an array");
    const bool too_deep = open_.size() + 2 > kMaxValueDepth && values.size() > 0;
    if (too_deep) return Fail("values nest deeper than 64");
    open_.push_back({values.begin(), values.end(), is_map, list_mark, value_mark, entry_mark});
    return true;
  }
  out_->Close(list_mark);
  out_->Close(value_mark);
  if (entry_mark != 0) out_->Close(entry_mark);
  return true;
}

bool JsonAttributeReader::WriteScalar(std::string_view name, const element& value) {
  if (name == "stringValue") {
    std::string_view text;
    if (value.get(text) != SUCCESS) return Fail("stringValue is not a string");
    out_->Bytes(otlp::kAnyValueString, text);
  } else if (name == "boolValue") {
    bool truth = false;
    if (value.get(truth) != SUCCESS) return Fail("boolValue is not a boolean");
    out_->Varint(otlp::kAnyValueBool, truth ? 1 : 0);
  } else if (name == "intValue") {
    const auto number = JsonInt64(value);
    if (!number) return Fail("intValue is not a 64-bit integer");
    out_->Varint(otlp::kAnyValueInt, static_cast<uint64_t>(*number));
  } else if (name == "doubleValue") {
    const auto number = JsonDouble(value);
    if (!number) return Fail("doubleValue is not a number");
    out_->Fixed64(otlp::kAnyValueDouble, std::bit_cast<uint64_t>(*number));
  } else {
    std::string_view text;
    if (value.get(text) != SUCCESS) return Fail("bytesValue is not a string");
    const auto bytes = base::Base64Decode(text);
    if (!bytes) return Fail("bytesValue is not base64");
    out_->Bytes(otlp::kAnyValueBytes, *bytes);
  }
  return true;
}

bool JsonAttributeReader::Fail(std::string_view reason) {
  reason_ = reason;
  return false;
}

}  // namespace spandrel::wire
