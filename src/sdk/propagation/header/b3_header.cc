// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/header/b3_header.h"

#include <algorithm>

#include "wire/w3c/header_hex.h"

namespace spandrel::sdk {
namespace {

constexpr size_t kTraceIdDigits = 32;
constexpr size_t kSpanIdDigits = 16;

// 16 digits are the lower half of an id.
bool ReadTraceId(std::string_view digits, span::TraceId& id) {
  if (digits.size() != kTraceIdDigits && digits.size() != kTraceIdDigits / 2) return false;
  uint8_t* const end = id.bytes.data() + id.bytes.size();
  return wire::ReadLowerHex(digits, end - digits.size() / 2) && !id.IsZero();
}

bool ReadSpanId(std::string_view digits, span::SpanId& id) {
  return digits.size() == kSpanIdDigits && wire::ReadLowerHex(digits, id.bytes.data()) &&
         !id.IsZero();
}

std::optional<B3Sampling> ReadSampling(std::string_view state) {
  if (state == "0") return B3Sampling::kDeny;
  if (state == "1") return B3Sampling::kAccept;
  if (state == "d") return B3Sampling::kDebug;
  return std::nullopt;
}

// Of x-b3-sampled and x-b3-flags; old senders write the words.
std::optional<B3Sampling> ReadSampling(const B3Headers& headers) {
  if (headers.flags == "1") return B3Sampling::kDebug;
  if (headers.sampled.empty()) return B3Sampling::kDefer;
  if (headers.sampled == "true") return B3Sampling::kAccept;
  if (headers.sampled == "false") return B3Sampling::kDeny;
  return headers.sampled == "d" ? std::nullopt : ReadSampling(headers.sampled);
}

std::optional<B3Context> MakeContext(std::string_view trace_id, std::string_view span_id,
                                     B3Sampling sampling) {
  wire::TraceParent span;
  if (!ReadTraceId(trace_id, span.trace_id) || !ReadSpanId(span_id, span.span_id)) {
    return std::nullopt;
  }
  const bool sampled = sampling == B3Sampling::kAccept || sampling == B3Sampling::kDebug;
  span.flags = sampled ? wire::kSampledFlag : 0;
  return B3Context{span, sampling};
}

std::string_view TakeField(std::string_view& rest) {
  const size_t dash = std::min(rest.find('-'), rest.size());
  const std::string_view field = rest.substr(0, dash);
  rest.remove_prefix(std::min(dash + 1, rest.size()));
  return field;
}

}  // namespace

std::optional<B3Context> ParseB3(std::string_view header) {
  if (const auto only = ReadSampling(header)) return B3Context{std::nullopt, *only};
  if (header.empty() || header.back() == '-') return std::nullopt;
  std::string_view rest = header;
  const std::string_view trace_id = TakeField(rest);
  const std::string_view span_id = TakeField(rest);
  if (rest.empty()) return MakeContext(trace_id, span_id, B3Sampling::kDefer);
  const auto sampling = ReadSampling(TakeField(rest));
  span::SpanId parent;
  if (!sampling || !(rest.empty() || ReadSpanId(rest, parent))) return std::nullopt;
  return MakeContext(trace_id, span_id, *sampling);
}

std::optional<B3Context> ParseB3(const B3Headers& headers) {
  const auto sampling = ReadSampling(headers);
  if (!sampling) return std::nullopt;
  if (headers.trace_id.empty() && headers.span_id.empty()) {
    return B3Context{std::nullopt, *sampling};
  }
  return MakeContext(headers.trace_id, headers.span_id, *sampling);
}

std::array<char, kB3Size> FormatB3(const wire::TraceParent& span, B3Sampling sampling) {
  std::array<char, kB3Size> header;
  char* at = wire::WriteLowerHex(span.trace_id.bytes, header.data());
  *at++ = '-';
  at = wire::WriteLowerHex(span.span_id.bytes, at);
  *at++ = '-';
  *at = sampling == B3Sampling::kDebug ? 'd' : sampling == B3Sampling::kAccept ? '1' : '0';
  return header;
}

}  // namespace spandrel::sdk
