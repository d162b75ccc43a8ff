// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/json/json_writer.h"

namespace spandrel::api {

// Members of the object that `json` is in; `key` must need no escaping.
inline void TextField(std::string_view key, std::string_view value, wire::JsonWriter* json) {
  json->Key(key);
  json->String(value);
}
inline void UintField(std::string_view key, uint64_t value, wire::JsonWriter* json) {
  json->Key(key);
  json->Uint(value);
}
// As a string of digits, for what a JavaScript number cannot hold.
inline void DecimalField(std::string_view key, uint64_t value, wire::JsonWriter* json) {
  json->Key(key);
  json->QuotedUint(value);
}

// JSON with line breaks and indentation, as Go's json.MarshalIndent. `json` must be valid.
std::string IndentJson(std::string_view json, size_t spaces);

}  // namespace spandrel::api
