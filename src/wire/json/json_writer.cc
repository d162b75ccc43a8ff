// SPDX-License-Identifier: Apache-2.0
#include "wire/json/json_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "base/base64.h"
#include "base/hex.h"
#include "span/value.h"

namespace spandrel::wire {

void JsonWriter::Comma() {
  if (!first_) *json_ += ',';
  first_ = false;
}

void JsonWriter::Open(char c) {
  Comma();
  *json_ += c;
  first_ = true;
}

void JsonWriter::Close(char c) {
  *json_ += c;
  first_ = false;
}

void JsonWriter::Key(std::string_view name) {
  Comma();
  *json_ += '"';
  *json_ += name;
  *json_ += "\":";
  first_ = true;
}

void JsonWriter::EscapedKey(std::string_view key) {
  Comma();
  span::AppendJsonString(key, json_);
  *json_ += ':';
  first_ = true;
}

void JsonWriter::String(std::string_view text) {
  Comma();
  span::AppendJsonString(text, json_);
}

void JsonWriter::Hex(std::string_view bytes) {
  Raw("\"");
  *json_ += base::HexEncode(bytes);
  *json_ += '"';
}

void JsonWriter::Base64(std::string_view bytes) {
  Raw("\"");
  *json_ += base::Base64Encode(bytes);
  *json_ += '"';
}

void JsonWriter::Int(int64_t value) {
  Comma();
  fmt::format_to(std::back_inserter(*json_), "{}", value);
}

void JsonWriter::Uint(uint64_t value) {
  Comma();
  fmt::format_to(std::back_inserter(*json_), "{}", value);
}

void JsonWriter::QuotedInt(int64_t value) {
  Comma();
  fmt::format_to(std::back_inserter(*json_), "\"{}\"", value);
}

void JsonWriter::QuotedUint(uint64_t value) {
  Comma();
  fmt::format_to(std::back_inserter(*json_), "\"{}\"", value);
}

void JsonWriter::Double(double value) {
  if (std::isnan(value)) return Raw("\"NaN\"");
  if (std::isinf(value)) return Raw(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  const std::string text = fmt::format("{}", value);
  Raw(text);
  // "-0" and "1" would be read back as integers, and the first would lose its sign.
  if (text.find_first_of(".e") == std::string::npos) *json_ += ".0";
}

void JsonWriter::Raw(std::string_view json) {
  Comma();
  *json_ += json;
}

}  // namespace spandrel::wire
