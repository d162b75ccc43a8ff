// SPDX-License-Identifier: Apache-2.0
#include "cli/when.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "base/time_text.h"

namespace spandrel::cli {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr uint64_t kMilli = 1'000'000;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kDay = 86'400 * kSecond;
constexpr uint64_t kLongest = 100 * 366 * kDay;
constexpr uint64_t kLatest = uint64_t{1} << 62;  // the year 2116

Status Unreadable(std::string_view text) {
  return {
      StatusCode::kInvalidArgument,
      fmt::format("expected a time like 2h (ago), today, 14:30, 2026-08-20T10:00:00Z or seconds "
                  "since 1970, not '{}'",
                  text)};
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// A number and 'd' or 'w' at the front, in nanoseconds; 0 when there is none.
uint64_t TakeDays(std::string_view* text) {
  size_t digits = 0;
  while (digits < text->size() && IsDigit((*text)[digits])) ++digits;
  if (digits == 0 || digits > 5 || digits == text->size()) return 0;
  const char unit = (*text)[digits];
  if (unit != 'd' && unit != 'w') return 0;
  const uint64_t count = *base::ParseUnsigned(text->substr(0, digits));
  text->remove_prefix(digits + 1);
  return count * (unit == 'w' ? 7 : 1) * kDay;
}

std::tm LocalTime(uint64_t unix_nano) {
  const auto seconds = static_cast<time_t>(unix_nano / kSecond);
  std::tm fields{};
  localtime_r(&seconds, &fields);
  return fields;
}

Result<uint64_t> FromLocal(std::tm fields) {
  fields.tm_isdst = -1;
  const time_t seconds = std::mktime(&fields);
  if (seconds < 0) return Status(StatusCode::kInvalidArgument, "the time is before 1970");
  return static_cast<uint64_t>(seconds) * kSecond;
}

// Midnight, so many days from now.
Result<uint64_t> Midnight(uint64_t now_unix_nano, int days) {
  std::tm fields = LocalTime(now_unix_nano);
  fields.tm_hour = fields.tm_min = fields.tm_sec = 0;
  fields.tm_mday += days;
  return FromLocal(fields);
}

// As strptime, of the whole text.
bool ReadFields(const std::string& text, const char* format, std::tm* fields) {
  std::tm read = *fields;
  const char* const end = strptime(text.c_str(), format, &read);
  if (end == nullptr || *end != '\0' || text.find('\0') != std::string::npos) return false;
  *fields = read;
  return true;
}

// What names no zone: a day, a day and a time, or a time of today.
std::optional<Result<uint64_t>> ParseLocal(const std::string& text, uint64_t now_unix_nano) {
  std::tm day{};
  for (const char* format :
       {"%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"}) {
    std::tm fields = day;
    if (ReadFields(text, format, &fields)) return FromLocal(fields);
  }
  std::tm today = LocalTime(now_unix_nano);
  today.tm_sec = 0;
  for (const char* format : {"%H:%M:%S", "%H:%M"}) {
    if (ReadFields(text, format, &today)) return FromLocal(today);
  }
  return std::nullopt;
}

Result<uint64_t> FromNumber(uint64_t number, std::string_view text) {
  uint64_t unit = kSecond;
  if (text.size() > 11) unit = kMilli;
  if (text.size() > 14) unit = 1'000;
  if (text.size() > 17) unit = 1;
  if (number > kLatest / unit) return Unreadable(text);
  return number * unit;
}

Result<uint64_t> Ago(std::string_view text, uint64_t now_unix_nano) {
  const auto span = ParseSpan(text);
  if (!span.ok()) return Unreadable(text);
  return now_unix_nano - std::min(now_unix_nano, *span);
}

}  // namespace

Result<uint64_t> ParseSpan(std::string_view text) {
  std::string_view rest = text;
  uint64_t span = 0;
  while (const uint64_t days = TakeDays(&rest)) span += days;
  if (!rest.empty()) {
    const auto duration = base::ParseDuration(rest);
    if (!duration.ok() || *duration > kLongest) {
      return Status(StatusCode::kInvalidArgument,
                    fmt::format("expected a duration like 90s, 30m, 2h or 1d, not '{}'", text));
    }
    span += *duration;
  }
  if (text.empty() || span > kLongest) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("expected a duration of at most 100 years, not '{}'", text));
  }
  return span;
}

Result<uint64_t> ParseWhen(std::string_view text, uint64_t now_unix_nano) {
  if (text == "now") return now_unix_nano;
  if (text == "today") return Midnight(now_unix_nano, 0);
  if (text == "yesterday") return Midnight(now_unix_nano, -1);
  if (text.starts_with("now-")) return Ago(text.substr(4), now_unix_nano);
  if (const auto number = base::ParseUnsigned(text)) return FromNumber(*number, text);
  if (const auto time = base::ParseRfc3339(text); time.ok()) return *time;
  if (auto local = ParseLocal(std::string(text), now_unix_nano)) return *std::move(local);
  return Ago(text, now_unix_nano);
}

std::string WhenText(uint64_t unix_nano, bool with_date) {
  const std::tm fields = LocalTime(unix_nano);
  std::array<char, 32> text{};
  const size_t size = std::strftime(text.data(), text.size(),
                                    with_date ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &fields);
  return fmt::format("{}.{:03}", std::string_view(text.data(), size), unix_nano % kSecond / kMilli);
}

}  // namespace spandrel::cli
