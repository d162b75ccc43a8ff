// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/header/jaeger_header.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "wire/w3c/header_hex.h"

namespace spandrel::sdk {
namespace {

constexpr uint8_t kSampled = 1;
constexpr uint8_t kDebug = 2;

// Cuts `rest` behind the next colon and returns what is before it; false when there is none.
bool TakeField(std::string_view& rest, std::string_view& field) {
  const size_t at = std::min(rest.find_first_of(":%"), rest.size());
  field = rest.substr(0, at);
  rest.remove_prefix(at);
  const size_t size = rest.substr(0, 1) == ":" ? 1 : 3;
  const bool colon = size == 1 || rest.substr(0, 3) == "%3A" || rest.substr(0, 3) == "%3a";
  if (colon) rest.remove_prefix(size);
  return colon;
}

// One digit at least and as many as fit, filled up with zeros from the left.
bool ReadNumber(std::string_view digits, std::span<uint8_t> bytes) {
  if (digits.empty() || digits.size() > 2 * bytes.size()) return false;
  std::fill(bytes.begin(), bytes.end(), 0);
  size_t place = 0;
  for (size_t i = digits.size(); i-- > 0; ++place) {
    const uint8_t value = wire::HexValue(digits[i]);
    if (value > 15) return false;
    uint8_t& byte = bytes[bytes.size() - 1 - place / 2];
    byte = static_cast<uint8_t>(byte | value << (place % 2 * 4));
  }
  return true;
}

}  // namespace

std::optional<JaegerContext> ParseJaeger(std::string_view header) {
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view parent_id;
  if (!TakeField(header, trace_id) || !TakeField(header, span_id) ||
      !TakeField(header, parent_id)) {
    return std::nullopt;
  }
  JaegerContext context;
  span::SpanId parent;
  std::array<uint8_t, 1> flags;
  if (!ReadNumber(trace_id, context.span.trace_id.bytes) ||
      !ReadNumber(span_id, context.span.span_id.bytes) || !ReadNumber(parent_id, parent.bytes) ||
      !ReadNumber(header, flags)) {
    return std::nullopt;
  }
  if (context.span.trace_id.IsZero() || context.span.span_id.IsZero()) return std::nullopt;
  context.debug = (flags[0] & kDebug) != 0;
  context.span.flags = (flags[0] & (kSampled | kDebug)) != 0 ? wire::kSampledFlag : 0;
  return context;
}

std::array<char, kJaegerSize> FormatJaeger(const JaegerContext& context) {
  std::array<char, kJaegerSize> header;
  char* at = wire::WriteLowerHex(context.span.trace_id.bytes, header.data());
  *at++ = ':';
  at = wire::WriteLowerHex(context.span.span_id.bytes, at);
  at = std::copy_n(":0:", 3, at);
  const bool sampled = context.span.sampled();
  const uint8_t flags = sampled ? (context.debug ? kSampled | kDebug : kSampled) : 0;
  wire::WriteLowerHex(std::array<uint8_t, 1>{flags}, at);
  return header;
}

}  // namespace spandrel::sdk
