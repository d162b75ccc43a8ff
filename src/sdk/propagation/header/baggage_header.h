// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "opentelemetry/nostd/string_view.h"

// W3C Baggage (https://www.w3.org/TR/baggage/), and the percent-encoding of values that Jaeger
// shares. Nothing here allocates unless a value is not ASCII. As in the API's Baggage, an entry's
// value is the decoded value, and its properties, if any, behind a semicolon, without the blanks
// and tabs that may stand around their parts.
namespace spandrel::sdk {

// What is read and written of all header lines of a message together.
inline constexpr size_t kMaxBaggageMembers = 64;
inline constexpr size_t kMaxBaggageBytes = 8192;

using BaggageEntry =
    std::pair<opentelemetry::nostd::string_view, opentelemetry::nostd::string_view>;

// How the values of a header are written: W3C's, or that of HTML forms, where a plus is a blank.
enum class BaggageEncoding : uint8_t { kPercent, kForm };

// Collects the members of headers, which need not outlive the call. What is malformed or beyond the
// limits is left out and counted (propagation_counters.h). Of several members with one key the last
// one counts.
class BaggageReader {
 public:
  // The content of `baggage`; several lines are joined by commas. Values may have blanks, quotes,
  // backslashes and UTF-8 that should have been encoded: cpp-httplib 0.11 decodes headers first.
  void ReadHeader(std::string_view header);
  // One Jaeger entry: the key is kept in lower case, the value is form-encoded.
  void ReadPair(std::string_view key, std::string_view encoded_value);

  std::span<const BaggageEntry> entries() const { return {entries_.data(), count_}; }

 private:
  // False, counted, when the limits do not allow another member of so many bytes.
  bool Reserve(size_t bytes);
  bool ReadMember(std::string_view member);
  bool Keep(std::string_view key, std::string_view value, std::string_view properties,
            BaggageEncoding encoding);
  std::string_view Store(std::string_view text);
  void Put(std::string_view key, std::string_view value);

  std::array<BaggageEntry, kMaxBaggageMembers> entries_;
  size_t count_ = 0;
  size_t bytes_read_ = 0;
  size_t used_ = 0;
  std::array<char, kMaxBaggageBytes> text_;  // what the entries point into
};

// Makes a `baggage` header of entries.
class BaggageWriter {
 public:
  // Left out and counted when the key is no token or the limits are reached.
  void Add(std::string_view key, std::string_view value);
  std::string_view header() const { return {text_.data(), used_}; }

 private:
  size_t count_ = 0;
  size_t used_ = 0;
  std::array<char, kMaxBaggageBytes> text_;
};

// Whether the key can be part of a header: one or more of the characters of a token.
bool IsBaggageKey(std::string_view key);

// The value of an entry without its properties.
std::string_view PlainBaggageValue(std::string_view value);

// Writes all but letters, digits and -_.~ as %XX, which every known reader understands. The end of
// what was written; null when it does not fit.
char* PercentEncode(std::string_view text, char* at, const char* end);

}  // namespace spandrel::sdk
