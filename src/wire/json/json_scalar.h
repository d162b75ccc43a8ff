// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string_view>

// Liberal readings of JSON scalars: what senders in the field write for OTLP's 64-bit numbers,
// enums and names. For the JSON readers of this module only.
namespace spandrel::wire {

// True when `key` is `camel` itself or its snake_case form ("trace_id" for "traceId").
bool IsFieldName(std::string_view key, std::string_view camel);

// A number, or a decimal string. Doubles must be whole and in range.
std::optional<uint64_t> JsonUint64(const simdjson::dom::element& value);
std::optional<int64_t> JsonInt64(const simdjson::dom::element& value);
std::optional<uint32_t> JsonUint32(const simdjson::dom::element& value);
std::optional<int32_t> JsonInt32(const simdjson::dom::element& value);

// A number, a decimal string, or "NaN", "Infinity", "-Infinity".
std::optional<double> JsonDouble(const simdjson::dom::element& value);

// A number, or one of the schema's names (SPAN_KIND_SERVER, STATUS_CODE_ERROR).
std::optional<int32_t> JsonSpanKind(const simdjson::dom::element& value);
std::optional<int32_t> JsonStatusCode(const simdjson::dom::element& value);
std::optional<int32_t> JsonTemporality(const simdjson::dom::element& value);
std::optional<int32_t> JsonSeverity(const simdjson::dom::element& value);

}  // namespace spandrel::wire
