// SPDX-License-Identifier: Apache-2.0
#include "traceql/duration.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace spandrel::traceql {
namespace {

struct Unit {
  std::string_view name;
  int64_t nanoseconds;
};

constexpr int64_t kSecond = 1'000'000'000;
// Longer names before those that they begin with.
constexpr std::array<Unit, 12> kUnits = {{{"ns", 1},
                                          {"us", 1'000},
                                          {"\xC2\xB5s", 1'000},
                                          {"\xCE\xBCs", 1'000},
                                          {"ms", 1'000'000},
                                          {"s", kSecond},
                                          {"m", 60 * kSecond},
                                          {"h", 3600 * kSecond},
                                          {"d", 24 * 3600 * kSecond},
                                          {"w", 7 * 24 * 3600 * kSecond},
                                          {"y", 365 * 24 * 3600 * kSecond},
                                          {"", 0}}};
constexpr int64_t kDay = 24 * 3600 * kSecond;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Takes a number with its unit from the front and adds it.
bool TakePart(std::string_view* text, int64_t* sum) {
  int64_t whole = 0;
  size_t at = 0;
  for (; at < text->size() && IsDigit((*text)[at]); ++at) {
    if (__builtin_mul_overflow(whole, int64_t{10}, &whole)) return false;
    if (__builtin_add_overflow(whole, int64_t{(*text)[at] - '0'}, &whole)) return false;
  }
  size_t digits = at;
  long double fraction = 0;
  const bool has_point = at < text->size() && (*text)[at] == '.';
  if (has_point) {
    long double weight = 1;
    for (++at; at < text->size() && IsDigit((*text)[at]); ++at, ++digits) {
      fraction += (weight /= 10) * ((*text)[at] - '0');
    }
  }
  if (digits == 0) return false;
  text->remove_prefix(at);
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                 [text](const Unit& u) { return text->starts_with(u.name); });
  if (unit->nanoseconds == 0 || (has_point && unit->nanoseconds >= kDay)) return false;
  text->remove_prefix(unit->name.size());
  int64_t part = 0;
  if (__builtin_mul_overflow(whole, unit->nanoseconds, &part)) return false;
  const auto rest = static_cast<int64_t>(fraction * unit->nanoseconds + 1e-6L);
  return !__builtin_add_overflow(part, rest, &part) && !__builtin_add_overflow(*sum, part, sum);
}

}  // namespace

std::optional<int64_t> ParseDuration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  int64_t sum = 0;
  while (!text.empty()) {
    if (!TakePart(&text, &sum)) return std::nullopt;
  }
  return sum;
}

}  // namespace spandrel::traceql
