// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

// The messages of an OTLP trace request as tables, which the JSON reader and the JSON writer share.
// KeyValue and AnyValue are not here: they nest without end and are walked by hand.
namespace spandrel::wire {

enum class FieldKind : uint8_t {
  kString,
  kId,  // bytes, hexadecimal in JSON
  kUint32,
  kFixed32,
  kFixed64,
  kSpanKind,
  kStatusCode,
  kMessage,
  kRepeatedMessage,
  kRepeatedString,
  kAttributes,  // repeated KeyValue
};

struct FieldRule {
  std::string_view name;  // lowerCamelCase
  FieldKind kind;
  uint32_t number;
  std::span<const FieldRule> message = {};  // of kMessage and kRepeatedMessage
};

using MessageRule = std::span<const FieldRule>;

extern const MessageRule kRequestMessage;
extern const MessageRule kResourceMessage;
extern const MessageRule kScopeMessage;
extern const MessageRule kSpanMessage;

}  // namespace spandrel::wire
