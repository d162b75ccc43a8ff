// SPDX-License-Identifier: Apache-2.0
#include "sdk/options/environment.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/log.h"
#include "net/http/http.h"
#include "sdk/encoding/text.h"

namespace spandrel::sdk {
namespace {

void ReportIgnored(const char* name, std::string_view value, std::string_view expected) {
  base::LogWarn("spandrel sdk: {}='{}' is ignored and the default used: it takes {}", name, value,
                expected);
}

template <typename T>
std::optional<T> Parse(const char* name, std::string_view text, std::string_view expected) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  ReportIgnored(name, text, expected);
  return std::nullopt;
}

template <typename Read>
auto ParseIfSet(const char* name, Read read) -> decltype(read(name, std::string_view())) {
  const std::optional<std::string> text = EnvText(name);
  if (!text) return std::nullopt;
  return read(name, *text);
}

// False, and said so, when the list is not key=value,key=value.
bool ReadPairs(std::string_view text, TextPairs& pairs) {
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view member = Trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t equals = member.find('=');
    if (member.empty()) continue;
    if (equals == std::string_view::npos || equals == 0) return false;
    pairs.emplace_back(net::PercentDecode(Trim(member.substr(0, equals))),
                       net::PercentDecode(Trim(member.substr(equals + 1))));
  }
  return true;
}

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

std::optional<double> ParseRatio(const char* name, std::string_view text) {
  constexpr std::string_view kExpected = "a number from 0 to 1";
  const std::optional<double> value = Parse<double>(name, text, kExpected);
  if (!value || (*value >= 0 && *value <= 1)) return value;
  ReportIgnored(name, text, kExpected);
  return std::nullopt;
}

std::optional<Milliseconds> ParseMilliseconds(const char* name, std::string_view text) {
  const std::optional<uint32_t> value = Parse<uint32_t>(name, text, "milliseconds");
  return value ? std::optional<Milliseconds>(*value) : std::nullopt;
}

std::optional<std::string> EnvText(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  const std::string_view text = Trim(value);
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::optional<bool> EnvBool(const char* name) {
  const std::optional<std::string> text = EnvText(name);
  if (!text) return std::nullopt;
  const std::string lower = LowerCase(*text);
  if (lower == "true") return true;
  if (lower != "false") ReportIgnored(name, *text, "true or false");
  return lower == "false" ? std::optional<bool>(false) : std::nullopt;
}

std::optional<uint32_t> EnvNumber(const char* name) {
  return ParseIfSet(name, [](const char* variable, std::string_view text) {
    return Parse<uint32_t>(variable, text, "a whole number below 2^32");
  });
}

std::optional<double> EnvRatio(const char* name) {
  return ParseIfSet(name, ParseRatio);
}

std::optional<Milliseconds> EnvMilliseconds(const char* name) {
  return ParseIfSet(name, ParseMilliseconds);
}

std::optional<Milliseconds> EnvTimeout(const char* name) {
  const std::optional<Milliseconds> value = EnvMilliseconds(name);
  if (!value || *value > Milliseconds(0)) return value;
  ReportIgnored(name, "0", "milliseconds, at least 1");
  return std::nullopt;
}

TextPairs EnvPairs(const char* name) {
  TextPairs pairs;
  const std::string text = EnvText(name).value_or("");
  if (ReadPairs(text, pairs)) return pairs;
  ReportIgnored(name, text, "key=value,key=value");
  return {};
}

}  // namespace spandrel::sdk
