// SPDX-License-Identifier: Apache-2.0
#include "base/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/go_duration.h"

namespace spandrel::base {
namespace {

constexpr uint64_t kNanoPerSecond = 1'000'000'000;

Status Invalid(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}

// Takes fixed-width numbers and separators off the front of a timestamp.
class TimestampReader {
 public:
  explicit TimestampReader(std::string_view text) : rest_(text) {}

  bool Digits(size_t count, int* value) {
    if (rest_.size() < count) return false;
    *value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return false;
      *value = *value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }

  bool OneOf(std::string_view accepted, char* found = nullptr) {
    if (rest_.empty() || accepted.find(rest_.front()) == std::string_view::npos) return false;
    if (found != nullptr) *found = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }

  // ".123" as nanoseconds; digits beyond the ninth are dropped.
  bool Fraction(int64_t* nano) {
    *nano = 0;
    if (!OneOf(".,")) return true;
    int64_t unit = kNanoPerSecond / 10;
    size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      *nano += (rest_[count] - '0') * unit;
      unit /= 10;
    }
    rest_.remove_prefix(count);
    return count > 0;
  }

  // "Z" or "+02:00", in seconds.
  bool Offset(int64_t* seconds) {
    *seconds = 0;
    if (OneOf("Zz")) return true;
    char sign = '+';
    int hours = 0;
    int minutes = 0;
    if (!OneOf("+- ", &sign) || !Digits(2, &hours) || !OneOf(":") || !Digits(2, &minutes))
      return false;
    *seconds = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return hours < 24 && minutes < 60;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Nothing when malformed.
std::optional<std::chrono::sys_seconds> ReadDateAndTime(TimestampReader* reader) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool ok = reader->Digits(4, &year) && reader->OneOf("-") && reader->Digits(2, &month) &&
                  reader->OneOf("-") && reader->Digits(2, &day) && reader->OneOf("Tt ") &&
                  reader->Digits(2, &hour) && reader->OneOf(":") && reader->Digits(2, &minute) &&
                  reader->OneOf(":") && reader->Digits(2, &second);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!ok || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace

std::optional<uint64_t> ParseUnsigned(std::string_view text) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

Result<uint64_t> ParseRfc3339(std::string_view text) {
  TimestampReader reader(text);
  const auto local = ReadDateAndTime(&reader);
  int64_t nano = 0;
  int64_t offset_seconds = 0;
  if (!local || !reader.Fraction(&nano) || !reader.Offset(&offset_seconds) || !reader.at_end()) {
    return Invalid("expected a time like 2026-08-20T10:00:00Z");
  }
  const int64_t seconds = local->time_since_epoch().count() - offset_seconds;
  if (seconds < 0) return uint64_t{0};
  const auto whole = static_cast<uint64_t>(seconds);
  if (whole >= UINT64_MAX / kNanoPerSecond) return UINT64_MAX;
  return whole * kNanoPerSecond + static_cast<uint64_t>(nano);
}

std::string Rfc3339Text(uint64_t unix_nano) {
  const std::chrono::sys_seconds time{
      std::chrono::seconds(static_cast<int64_t>(unix_nano / kNanoPerSecond))};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  std::string fraction = fmt::format("{:09}", unix_nano % kNanoPerSecond);
  while (fraction.ends_with("000")) fraction.resize(fraction.size() - 3);
  if (!fraction.empty()) text += "." + fraction;
  return text + "Z";
}

Result<uint64_t> ParseTime(std::string_view text, uint64_t now_unix_nano) {
  if (text == "now") return now_unix_nano;
  if (text.starts_with("now-")) {
    const auto ago = ParseDuration(text.substr(4));
    if (!ago.ok()) return ago.status();
    return now_unix_nano - std::min(now_unix_nano, *ago);
  }
  if (const auto nano = ParseUnsigned(text)) return *nano;
  return Invalid("expected nanoseconds, now or a time like now-1h");
}

Result<uint64_t> ParseDuration(std::string_view text) {
  const auto duration = ParseGoDuration(text);
  if (!duration.ok()) return duration.status();
  if (duration->count() < 0) return Invalid("expected a duration that is not negative");
  return static_cast<uint64_t>(duration->count());
}

}  // namespace spandrel::base
