// SPDX-License-Identifier: Apache-2.0
#include "cli/ids.h"

#include <fmt/format.h>

#include <string>

namespace spandrel::cli {
namespace {

template <typename Id>
base::Result<Id> ReadId(std::string_view text, std::string_view what) {
  std::string_view rest = text;
  if (rest.starts_with("0x") || rest.starts_with("0X")) rest.remove_prefix(2);
  std::string digits;
  for (const char c : rest) {
    if (c != '-') digits += c;
  }
  constexpr size_t kDigits = 2 * Id::kSize;
  if (!digits.empty() && digits.size() <= kDigits) {
    digits.insert(0, kDigits - digits.size(), '0');
    const auto id = Id::FromHex(digits);
    if (id && !id->IsZero()) return *id;
  }
  return base::Status(
      base::StatusCode::kInvalidArgument,
      fmt::format("'{}' is no {} id: expected 1 to {} hexadecimal digits", text, what, kDigits));
}

}  // namespace

base::Result<span::TraceId> ReadTraceId(std::string_view text) {
  return ReadId<span::TraceId>(text, "trace");
}

base::Result<span::SpanId> ReadSpanId(std::string_view text) {
  return ReadId<span::SpanId>(text, "span");
}

}  // namespace spandrel::cli
