// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/otlp.h"

namespace spandrel::span {

// The cases of OTLP's AnyValue (opentelemetry/proto/common/v1/common.proto).
enum class ValueType : uint8_t {
  kEmpty,  // no case set: a key without a value
  kString,
  kBool,
  kInt,
  kDouble,
  kArray,
  kKvlist,
  kBytes,
};

namespace otlp = proto::otlp;

// An attribute value as a view into the OTLP bytes that hold it; valid as long as they are. The
// bytes must have passed wire::DecodeOtlpProtobuf, which bounds the nesting of arrays and maps.
class ValueView {
 public:
  ValueView() = default;
  static ValueView OfString(std::string_view value) {
    return ValueView(ValueType::kString, value, 0);
  }
  static ValueView OfInt(int64_t value) {
    return ValueView(ValueType::kInt, {}, static_cast<uint64_t>(value));
  }
  static ValueView OfBool(bool value) { return ValueView(ValueType::kBool, {}, value ? 1 : 0); }
  static ValueView OfDoubleBits(uint64_t bits) { return ValueView(ValueType::kDouble, {}, bits); }
  // Reads an AnyValue message.
  static ValueView FromMessage(std::string_view any_value_message);

  ValueType type() const { return type_; }
  bool as_bool() const { return scalar_ != 0; }
  int64_t as_int() const { return static_cast<int64_t>(scalar_); }
  double as_double() const;
  // The text of kString, the raw bytes of kBytes, the ArrayValue or KeyValueList message of the
  // containers.
  std::string_view bytes() const { return bytes_; }

  // The value as people write it in a search box, and as Jaeger's text-only queries compare it:
  // `true`, `42`, `0.5`, the string itself, base64 of bytes, JSON of arrays and maps, "" of
  // nothing.
  std::string ToText() const;

  friend bool operator==(const ValueView&, const ValueView&) = default;

 private:
  ValueView(ValueType type, std::string_view bytes, uint64_t scalar)
      : type_(type), bytes_(bytes), scalar_(scalar) {}

  ValueType type_ = ValueType::kEmpty;
  std::string_view bytes_;
  uint64_t scalar_ = 0;
};

struct AttributeView {
  std::string_view key;
  ValueView value;
};

// Reads the elements of an ArrayValue message in order: `while (auto v = reader.Next())`.
class ArrayReader {
 public:
  explicit ArrayReader(std::string_view array_message) : rest_(array_message) {}
  std::optional<ValueView> Next();

 private:
  std::string_view rest_;
};

// Reads the attributes held by field `field` of a message, in order, duplicates included:
// Resource 1, InstrumentationScope 3, Span 9, Event 3, Link 4, KeyValueList 1.
class AttributeReader {
 public:
  AttributeReader(std::string_view message, uint32_t field) : rest_(message), field_(field) {}
  std::optional<AttributeView> Next();

 private:
  std::string_view rest_;
  uint32_t field_;
};

// The value of the last attribute with that key, as a duplicate key overwrites; nothing if absent.
std::optional<ValueView> FindAttribute(AttributeReader attributes, std::string_view key);

// Appends JSON (RFC 8259) of a value; invalid UTF-8 becomes U+FFFD, non-finite numbers become the
// strings "NaN", "Infinity" and "-Infinity", bytes become base64. Iterative.
void AppendValueJson(const ValueView& value, std::string* json);

// Appends a JSON string with its quotes, escaped as above.
void AppendJsonString(std::string_view text, std::string* json);

}  // namespace spandrel::span
