// SPDX-License-Identifier: Apache-2.0
#include "sdk/encoding/any_value.h"

#include <bit>

#include "base/utf8.h"
#include "proto/otlp.h"
#include "proto/raw_writer.h"
#include "sdk/encoding/text.h"

namespace spandrel::sdk {
namespace {

using proto::Fixed64Tag;
using proto::LengthTag;
using proto::VarintTag;
using proto::WriteFixed64;
using proto::WriteLengthHead;
using proto::WriteVarint;

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;
namespace otlp = proto::otlp;

constexpr char kStringTag = LengthTag(otlp::kAnyValueString);
constexpr char kBoolTag = VarintTag(otlp::kAnyValueBool);
constexpr char kIntTag = VarintTag(otlp::kAnyValueInt);
constexpr char kDoubleTag = Fixed64Tag(otlp::kAnyValueDouble);
constexpr char kArrayTag = LengthTag(otlp::kAnyValueArray);
constexpr char kBytesTag = LengthTag(otlp::kAnyValueBytes);
constexpr char kElementTag = LengthTag(otlp::kListValues);
constexpr char kKeyTag = LengthTag(otlp::kKeyValueKey);
constexpr char kValueTag = LengthTag(otlp::kKeyValueValue);

void AppendVarintField(std::string& out, char tag, uint64_t value) {
  char bytes[11] = {tag};
  out.append(bytes, static_cast<size_t>(WriteVarint(bytes + 1, value) - bytes));
}

// The element functions append the content of one AnyValue.
void AppendElement(std::string& out, uint32_t, bool value) {
  AppendVarintField(out, kBoolTag, value);
}
void AppendElement(std::string& out, uint32_t, int32_t value) {
  AppendVarintField(out, kIntTag, static_cast<uint64_t>(static_cast<int64_t>(value)));
}
void AppendElement(std::string& out, uint32_t, int64_t value) {
  AppendVarintField(out, kIntTag, static_cast<uint64_t>(value));
}
void AppendElement(std::string& out, uint32_t, uint32_t value) {
  AppendVarintField(out, kIntTag, value);
}
void AppendElement(std::string& out, uint32_t, uint64_t value) {
  if (value > INT64_MAX) return AppendLengthField(out, kStringTag, std::to_string(value));
  AppendVarintField(out, kIntTag, value);
}
void AppendElement(std::string& out, uint32_t, double value) {
  char bytes[9] = {kDoubleTag};
  WriteFixed64(bytes + 1, std::bit_cast<uint64_t>(value));
  out.append(bytes, sizeof(bytes));
}
void AppendElement(std::string& out, uint32_t max_characters, nostd::string_view value) {
  std::string scratch;
  AppendLengthField(out, kStringTag,
                    base::CleanText({value.data(), value.size()}, max_characters, scratch));
}

template <typename T>
void AppendArray(std::string& out, uint32_t max_characters, nostd::span<const T> values) {
  std::string elements;
  std::string element;
  for (const T value : values) {
    element.clear();
    AppendElement(element, max_characters, value);
    AppendLengthField(elements, kElementTag, element);
  }
  AppendLengthField(out, kArrayTag, elements);
}

struct AnyValueEncoder {
  std::string& out;
  uint32_t max_characters;

  template <typename T>
  void operator()(nostd::span<const T> values) const {
    AppendArray(out, max_characters, values);
  }
  void operator()(nostd::span<const uint8_t> bytes) const {
    const size_t size = bytes.size() < max_characters ? bytes.size() : max_characters;
    AppendLengthField(out, kBytesTag, {reinterpret_cast<const char*>(bytes.data()), size});
  }
  void operator()(const char* text) const {
    (*this)(text == nullptr ? nostd::string_view() : nostd::string_view(text));
  }
  template <typename T>
  void operator()(T value) const {
    AppendElement(out, max_characters, value);
  }
};

}  // namespace

void AppendLengthField(std::string& out, char tag, std::string_view content) {
  char head[11];
  out.append(head, static_cast<size_t>(WriteLengthHead(head, tag, content.size()) - head));
  out.append(content);
}

void EncodeAnyValue(const common::AttributeValue& value, uint32_t max_characters,
                    std::string& out) {
  nostd::visit(AnyValueEncoder{out, max_characters}, value);
}

void AppendTextAttribute(std::string& out, char tag, std::string_view key, std::string_view value) {
  std::string key_scratch;
  std::string value_scratch;
  std::string any_value;
  AppendLengthField(any_value, kStringTag, base::CleanText(value, UINT32_MAX, value_scratch));
  std::string pair;
  AppendLengthField(pair, kKeyTag, base::CleanText(key, UINT32_MAX, key_scratch));
  AppendLengthField(pair, kValueTag, any_value);
  AppendLengthField(out, tag, pair);
}

void AppendIntAttribute(std::string& out, char tag, std::string_view key, int64_t value) {
  std::string any_value;
  AppendVarintField(any_value, kIntTag, static_cast<uint64_t>(value));
  std::string pair;
  AppendLengthField(pair, kKeyTag, key);
  AppendLengthField(pair, kValueTag, any_value);
  AppendLengthField(out, tag, pair);
}

}  // namespace spandrel::sdk
