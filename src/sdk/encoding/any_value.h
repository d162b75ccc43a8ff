// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "opentelemetry/common/attribute_value.h"

namespace spandrel::sdk {

// Appends the content of the AnyValue message, whatever the type of the value. A uint64 beyond
// int64 becomes its decimal text, as the specification asks.
void EncodeAnyValue(const opentelemetry::common::AttributeValue& value, uint32_t max_characters,
                    std::string& out);

// Appends one KeyValue with a text value as repeated field `tag`.
void AppendTextAttribute(std::string& out, char tag, std::string_view key, std::string_view value);
void AppendIntAttribute(std::string& out, char tag, std::string_view key, int64_t value);

// Appends a length-delimited field.
void AppendLengthField(std::string& out, char tag, std::string_view content);

}  // namespace spandrel::sdk
