// SPDX-License-Identifier: Apache-2.0
#include "wire/json/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>

#include "base/base64.h"
#include "base/hex.h"
#include "span/ids.h"
#include "span/value.h"

namespace spandrel::wire {

namespace {

constexpr size_t kPieceBytes = 64;
constexpr size_t kNumberBytes = 32;  // of any number

// The digits of a byte, all 256 one behind the other.
constexpr auto kHexPairs = [] {
  std::array<char, 512> pairs{};
  for (size_t byte = 0; byte < 256; ++byte) {
    pairs[2 * byte] = base::kLowerHexDigits[byte >> 4];
    pairs[2 * byte + 1] = base::kLowerHexDigits[byte & 15];
  }
  return pairs;
}();

}  // namespace

void JsonWriter::Comma() {
  if (!first_) *json_ += ',';
  first_ = false;
}

void JsonWriter::Put(char* piece, size_t size) {
  piece[0] = ',';
  json_->append(piece + (first_ ? 1 : 0), size + (first_ ? 0 : 1));
  first_ = false;
}

void JsonWriter::Open(char c) {
  char piece[2] = {0, c};
  Put(piece, 1);
  first_ = true;
}

void JsonWriter::Close(char c) {
  *json_ += c;
  first_ = false;
}

void JsonWriter::Key(std::string_view name) {
  if (name.size() > kPieceBytes) return EscapedKey(name);
  char piece[kPieceBytes + 4];
  piece[1] = '"';
  std::memcpy(piece + 2, name.data(), name.size());
  piece[name.size() + 2] = '"';
  piece[name.size() + 3] = ':';
  Put(piece, name.size() + 3);
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
  if (bytes.size() > sizeof(span::TraceId)) return Raw('"' + base::HexEncode(bytes) + '"');
  char piece[2 * sizeof(span::TraceId) + 3];
  piece[1] = '"';
  char* to = piece + 2;
  for (const char c : bytes) {
    std::memcpy(to, &kHexPairs[size_t{2} * static_cast<uint8_t>(c)], 2);
    to += 2;
  }
  *to++ = '"';
  Put(piece, static_cast<size_t>(to - piece) - 1);
}

void JsonWriter::Base64(std::string_view bytes) {
  Raw("\"");
  *json_ += base::Base64Encode(bytes);
  *json_ += '"';
}

template <typename Number>
void JsonWriter::PutNumber(Number value, std::string_view quote) {
  char piece[kNumberBytes];
  char* to = std::copy(quote.begin(), quote.end(), piece + 1);
  to = std::to_chars(to, std::end(piece), value).ptr;
  to = std::copy(quote.begin(), quote.end(), to);
  Put(piece, static_cast<size_t>(to - piece) - 1);
}

void JsonWriter::Int(int64_t value) {
  PutNumber(value, "");
}

void JsonWriter::Uint(uint64_t value) {
  PutNumber(value, "");
}

void JsonWriter::QuotedInt(int64_t value) {
  PutNumber(value, "\"");
}

void JsonWriter::QuotedUint(uint64_t value) {
  PutNumber(value, "\"");
}

void JsonWriter::Double(double value) {
  if (std::isnan(value)) return Raw("\"NaN\"");
  if (std::isinf(value)) return Raw(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  char piece[kNumberBytes];
  char* to = fmt::format_to(piece + 1, "{}", value);
  // "-0" and "1" would be read back as integers, and the first would lose its sign.
  if (std::find_if(piece + 1, to, [](char c) { return c == '.' || c == 'e'; }) == to) {
    *to++ = '.';
    *to++ = '0';
  }
  Put(piece, static_cast<size_t>(to - piece) - 1);
}

void JsonWriter::Raw(std::string_view json) {
  Comma();
  *json_ += json;
}

void JsonWriter::Begin(std::string_view json) {
  Comma();
  *json_ += json;
  first_ = true;
}

void JsonWriter::Continue(std::string_view json) {
  *json_ += json;
  first_ = true;
}

void JsonWriter::End(std::string_view json) {
  *json_ += json;
  first_ = false;
}

}  // namespace spandrel::wire
