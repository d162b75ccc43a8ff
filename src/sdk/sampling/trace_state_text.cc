// SPDX-License-Identifier: Apache-2.0
#include "sdk/sampling/trace_state_text.h"

#include <algorithm>
#include <charconv>

#include "sdk/encoding/text.h"

namespace spandrel::sdk {
namespace {

constexpr size_t kHexDigits = 14;
constexpr size_t kMaxMembers = 32;
constexpr size_t kMaxOtLength = 256;

// Calls `each` with the parts of `text` that are not empty.
template <typename Each>
void Split(std::string_view text, char separator, Each each) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (const std::string_view part = Trim(text.substr(0, end)); !part.empty()) each(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool IsOt(std::string_view member) {
  return member.starts_with("ot=");
}

std::string_view FindOt(std::string_view trace_state) {
  std::string_view found;
  Split(trace_state, ',', [&found](std::string_view member) {
    if (found.empty() && IsOt(member)) found = member.substr(3);
  });
  return found;
}

std::optional<uint64_t> ReadHex(std::string_view digits) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const bool valid = !digits.empty() && digits.size() <= kHexDigits &&
                     digits.find_first_not_of(kHex) == std::string_view::npos;
  if (!valid) return std::nullopt;
  uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value << 4 * (kHexDigits - digits.size());
}

std::string OtValue(std::string_view old, std::optional<uint64_t> threshold, bool only_known) {
  std::string value;
  if (threshold) value = "th:" + ThresholdText(*threshold);
  Split(old, ';', [&](std::string_view part) {
    if (part.starts_with("th:") || (only_known && !part.starts_with("rv:"))) return;
    if (!value.empty()) value += ';';
    value += part;
  });
  return value;
}

}  // namespace

OtTraceState ReadOtTraceState(std::string_view trace_state) {
  OtTraceState state;
  Split(FindOt(trace_state), ';', [&state](std::string_view part) {
    if (part.starts_with("th:")) state.threshold = ReadHex(part.substr(3));
    const bool random = part.starts_with("rv:") && part.size() == 3 + kHexDigits;
    if (random) state.random = ReadHex(part.substr(3));
  });
  return state;
}

std::string ThresholdText(uint64_t threshold) {
  std::string text;
  for (int shift = 52; shift >= 0 && (threshold & ((uint64_t{1} << (shift + 4)) - 1)) != 0;
       shift -= 4) {
    text += "0123456789abcdef"[threshold >> shift & 0xF];
  }
  return text.empty() ? "0" : text;
}

std::string WithThreshold(std::string_view trace_state, std::optional<uint64_t> threshold) {
  const std::string_view old = FindOt(trace_state);
  std::string ot = OtValue(old, threshold, false);
  if (ot.size() > kMaxOtLength) ot = OtValue(old, threshold, true).substr(0, kMaxOtLength);
  std::string text = ot.empty() ? "" : "ot=" + ot;
  size_t members = ot.empty() ? 0 : 1;
  Split(trace_state, ',', [&](std::string_view member) {
    if (IsOt(member) || ++members > kMaxMembers) return;
    if (!text.empty()) text += ',';
    text += member;
  });
  return text;
}

}  // namespace spandrel::sdk
