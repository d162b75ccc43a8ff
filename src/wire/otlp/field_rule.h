// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace spandrel::wire {

// How one field of an OTLP message is written.
enum class FieldKind : uint8_t {
  kString,
  kId,  // bytes, hexadecimal in JSON
  kUint32,
  kFixed32,
  kFixed64,
  kSint32,
  kBool,
  kDouble,
  kOptionalDouble,    // written also when it is 0: `optional`, or of a oneof
  kOptionalSfixed64,  // the same
  kSpanKind,
  kStatusCode,
  kTemporality,
  kSeverity,
  kMessage,
  kRepeatedMessage,
  kItems,  // repeated messages that are the items of a record: data points
  kRepeatedString,
  kPackedFixed64,
  kPackedDouble,
  kPackedUint64,
  kAttributes,  // repeated KeyValue
  kAnyValue,
};

struct FieldRule {
  std::string_view name;  // lowerCamelCase
  FieldKind kind;
  uint32_t number;
  std::span<const FieldRule> message = {};  // of kMessage, kRepeatedMessage and kItems
};

using MessageRule = std::span<const FieldRule>;

}  // namespace spandrel::wire
