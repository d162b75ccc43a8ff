// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/http.h"
#include "span/ids.h"
#include "span/span_batch.h"

namespace spandrel::api {

// The parameters of a request, decoded, in order.
class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(net::Headers values) : values_(std::move(values)) {}

  // The first of that name; empty when absent.
  std::string_view Get(std::string_view name) const;
  std::vector<std::string_view> All(std::string_view name) const;
  // A number from 1 to `most`, `fallback` when absent or empty. INVALID_ARGUMENT names the
  // parameter.
  base::Result<uint64_t> Count(std::string_view name, uint64_t fallback, uint64_t most) const;

 private:
  net::Headers values_;
};

// The whole text as a decimal number.
std::optional<uint64_t> ParseUnsigned(std::string_view text);

// Like "2026-08-20T10:00:00.123456789Z" or with an offset such as "+02:00", before which a space is
// taken for '+', as a client leaves it that does not encode its query. Nanoseconds since the epoch;
// times before it are 0.
base::Result<uint64_t> ParseRfc3339(std::string_view text);

// "now", "now-1h" or nanoseconds since the epoch.
base::Result<uint64_t> ParsePageTime(std::string_view text, uint64_t now_unix_nano);

// A Go duration that is not negative, in nanoseconds.
base::Result<uint64_t> ParseDuration(std::string_view text);

// 1 to 32 hexadecimal digits, leading zeros optional. Not all zero.
std::optional<span::TraceId> ParseTraceId(std::string_view text);
std::optional<span::SpanId> ParseSpanId(std::string_view text);

// "server", also "SERVER"; nothing for other words.
std::optional<span::SpanKind> ParseSpanKind(std::string_view text);
std::optional<span::SpanStatus> ParseSpanStatus(std::string_view text);

std::string ToLower(std::string_view text);

}  // namespace spandrel::api
