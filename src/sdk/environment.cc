// SPDX-License-Identifier: Apache-2.0
#include "sdk/environment.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/log.h"
#include "net/http.h"

namespace spandrel::sdk {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

void ReportIgnored(const char* name, std::string_view value, std::string_view expected) {
  base::LogWarn("spandrel sdk: {}='{}' is ignored: it takes {}", name, value, expected);
}

template <typename T>
std::optional<T> EnvParsed(const char* name, std::string_view expected) {
  const std::optional<std::string> text = EnvText(name);
  if (!text) return std::nullopt;
  T value{};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size()) return value;
  ReportIgnored(name, *text, expected);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> EnvText(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  const std::string_view text = Trim(value);
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::optional<bool> EnvBool(const char* name) {
  const std::optional<std::string> text = EnvText(name);
  if (!text) return std::nullopt;
  std::string lower;
  for (const char c : *text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (lower == "true") return true;
  if (lower != "false") ReportIgnored(name, *text, "true or false");
  return lower == "false" ? std::optional<bool>(false) : std::nullopt;
}

std::optional<uint64_t> EnvNumber(const char* name) {
  return EnvParsed<uint64_t>(name, "a whole number");
}

std::optional<double> EnvRatio(const char* name) {
  const std::optional<double> value = EnvParsed<double>(name, "a number from 0 to 1");
  if (!value || (*value >= 0 && *value <= 1)) return value;
  ReportIgnored(name, std::to_string(*value), "a number from 0 to 1");
  return std::nullopt;
}

std::optional<Milliseconds> EnvMilliseconds(const char* name) {
  const std::optional<uint32_t> value = EnvParsed<uint32_t>(name, "milliseconds");
  return value ? std::optional<Milliseconds>(*value) : std::nullopt;
}

TextPairs EnvPairs(const char* name) {
  TextPairs pairs;
  const std::string text = EnvText(name).value_or("");
  for (std::string_view rest = text; !rest.empty();) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view member = Trim(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const size_t equals = member.find('=');
    if (member.empty()) continue;
    if (equals == std::string_view::npos || equals == 0) {
      ReportIgnored(name, text, "key=value,key=value");
      return {};
    }
    pairs.emplace_back(net::PercentDecode(Trim(member.substr(0, equals))),
                       net::PercentDecode(Trim(member.substr(equals + 1))));
  }
  return pairs;
}

}  // namespace spandrel::sdk
