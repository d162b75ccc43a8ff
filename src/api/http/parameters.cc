// SPDX-License-Identifier: Apache-2.0
#include "api/http/parameters.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/time_text.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

Status Invalid(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}

// The digits of an id with the leading zeros that it may leave out.
std::optional<std::string> PadHex(std::string_view text, size_t digits) {
  if (text.empty() || text.size() > digits) return std::nullopt;
  return std::string(digits - text.size(), '0') + std::string(text);
}

template <typename Id>
std::optional<Id> ParseId(std::string_view text) {
  const auto digits = PadHex(text, 2 * Id::kSize);
  if (!digits) return std::nullopt;
  const auto id = Id::FromHex(*digits);
  return id && !id->IsZero() ? id : std::nullopt;
}

}  // namespace

std::string_view Parameters::Get(std::string_view name) const {
  return net::FindHeader(values_, name);
}

std::vector<std::string_view> Parameters::All(std::string_view name) const {
  std::vector<std::string_view> all;
  for (const auto& [key, value] : values_) {
    if (key == name) all.push_back(value);
  }
  return all;
}

Result<uint64_t> Parameters::Count(std::string_view name, uint64_t fallback, uint64_t most) const {
  const std::string_view text = Get(name);
  if (text.empty()) return fallback;
  const auto value = base::ParseUnsigned(text);
  if (value && *value >= 1 && *value <= most) return *value;
  return Invalid(fmt::format("{}: expected a number from 1 to {}", name, most));
}

base::Result<bool> Parameters::Truth(std::string_view name) const {
  const std::string_view text = Get(name);
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"", "0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return base::Status(base::StatusCode::kInvalidArgument,
                      fmt::format("{}: expected true or false", name));
}

std::optional<span::TraceId> ParseTraceId(std::string_view text) {
  return ParseId<span::TraceId>(text);
}

std::optional<span::SpanId> ParseSpanId(std::string_view text) {
  return ParseId<span::SpanId>(text);
}

std::optional<span::SpanKind> ParseSpanKind(std::string_view text) {
  const std::string name = base::LowerCase(text);
  for (int i = 0; i <= static_cast<int>(span::SpanKind::kConsumer); ++i) {
    const auto kind = static_cast<span::SpanKind>(i);
    if (span::SpanKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

std::optional<span::SpanStatus> ParseSpanStatus(std::string_view text) {
  const std::string name = base::LowerCase(text);
  for (int i = 0; i <= static_cast<int>(span::SpanStatus::kError); ++i) {
    const auto status = static_cast<span::SpanStatus>(i);
    if (span::SpanStatusName(status) == name) return status;
  }
  return std::nullopt;
}

}  // namespace spandrel::api
