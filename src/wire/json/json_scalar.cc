// SPDX-License-Identifier: Apache-2.0
#include "wire/json/json_scalar.h"

#include <charconv>
#include <limits>
#include <span>

namespace spandrel::wire {
namespace {

using simdjson::dom::element;

template <typename Number>
std::optional<Number> FromText(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

template <typename Integer>
std::optional<Integer> FromDouble(double value) {
  // The first double past the largest Integer; exact, as it is a power of two.
  const double limit = std::is_signed_v<Integer> ? 0x1p63 : 0x1p64;
  const double lowest = std::is_signed_v<Integer> ? -0x1p63 : 0.0;
  if (!(value >= lowest && value < limit)) return std::nullopt;
  const auto integer = static_cast<Integer>(value);
  if (static_cast<double>(integer) != value) return std::nullopt;
  return integer;
}

std::optional<int32_t> EnumValue(const element& value, std::span<const std::string_view> names) {
  std::string_view name;
  if (value.get(name) == simdjson::SUCCESS) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) return static_cast<int32_t>(i);
    }
  }
  const auto number = JsonInt64(value);
  if (!number || *number < std::numeric_limits<int32_t>::min() ||
      *number > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<int32_t>(*number);
}

}  // namespace

bool IsFieldName(std::string_view key, std::string_view camel) {
  size_t at = 0;
  for (size_t i = 0; i < key.size(); ++i, ++at) {
    char c = key[i];
    if (c == '_' && i + 1 < key.size() && key[i + 1] >= 'a' && key[i + 1] <= 'z') {
      c = static_cast<char>(key[++i] - 'a' + 'A');
    }
    if (at >= camel.size() || camel[at] != c) return false;
  }
  return at == camel.size();
}

std::optional<uint64_t> JsonUint64(const element& value) {
  uint64_t number = 0;
  double real = 0;
  std::string_view text;
  if (value.get(number) == simdjson::SUCCESS) return number;
  if (value.is_double() && value.get(real) == simdjson::SUCCESS) return FromDouble<uint64_t>(real);
  if (value.get(text) == simdjson::SUCCESS) return FromText<uint64_t>(text);
  return std::nullopt;
}

std::optional<int64_t> JsonInt64(const element& value) {
  int64_t number = 0;
  double real = 0;
  std::string_view text;
  if (value.get(number) == simdjson::SUCCESS) return number;
  if (value.is_double() && value.get(real) == simdjson::SUCCESS) return FromDouble<int64_t>(real);
  if (value.get(text) == simdjson::SUCCESS) return FromText<int64_t>(text);
  return std::nullopt;
}

std::optional<uint32_t> JsonUint32(const element& value) {
  const auto number = JsonUint64(value);
  if (!number || *number > std::numeric_limits<uint32_t>::max()) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

std::optional<double> JsonDouble(const element& value) {
  double real = 0;
  if (value.get(real) == simdjson::SUCCESS) return real;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return std::nullopt;
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return FromText<double>(text);
}

std::optional<int32_t> JsonSpanKind(const element& value) {
  static constexpr std::string_view kNames[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                                "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                                "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};
  return EnumValue(value, kNames);
}

std::optional<int32_t> JsonStatusCode(const element& value) {
  static constexpr std::string_view kNames[] = {"STATUS_CODE_UNSET", "STATUS_CODE_OK",
                                                "STATUS_CODE_ERROR"};
  return EnumValue(value, kNames);
}

std::optional<int32_t> JsonTemporality(const element& value) {
  static constexpr std::string_view kNames[] = {"AGGREGATION_TEMPORALITY_UNSPECIFIED",
                                                "AGGREGATION_TEMPORALITY_DELTA",
                                                "AGGREGATION_TEMPORALITY_CUMULATIVE"};
  return EnumValue(value, kNames);
}

std::optional<int32_t> JsonSeverity(const element& value) {
  static constexpr std::string_view kNames[] = {
      "SEVERITY_NUMBER_UNSPECIFIED", "SEVERITY_NUMBER_TRACE",  "SEVERITY_NUMBER_TRACE2",
      "SEVERITY_NUMBER_TRACE3",      "SEVERITY_NUMBER_TRACE4", "SEVERITY_NUMBER_DEBUG",
      "SEVERITY_NUMBER_DEBUG2",      "SEVERITY_NUMBER_DEBUG3", "SEVERITY_NUMBER_DEBUG4",
      "SEVERITY_NUMBER_INFO",        "SEVERITY_NUMBER_INFO2",  "SEVERITY_NUMBER_INFO3",
      "SEVERITY_NUMBER_INFO4",       "SEVERITY_NUMBER_WARN",   "SEVERITY_NUMBER_WARN2",
      "SEVERITY_NUMBER_WARN3",       "SEVERITY_NUMBER_WARN4",  "SEVERITY_NUMBER_ERROR",
      "SEVERITY_NUMBER_ERROR2",      "SEVERITY_NUMBER_ERROR3", "SEVERITY_NUMBER_ERROR4",
      "SEVERITY_NUMBER_FATAL",       "SEVERITY_NUMBER_FATAL2", "SEVERITY_NUMBER_FATAL3",
      "SEVERITY_NUMBER_FATAL4"};
  return EnumValue(value, kNames);
}

std::optional<int32_t> JsonInt32(const element& value) {
  return EnumValue(value, {});
}

}  // namespace spandrel::wire
