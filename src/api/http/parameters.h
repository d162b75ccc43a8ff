// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/http/http.h"
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
  // As Go's strconv.ParseBool reads it; false when absent or empty. INVALID_ARGUMENT names the
  // parameter.
  base::Result<bool> Truth(std::string_view name) const;

 private:
  net::Headers values_;
};

// 1 to 32 hexadecimal digits, leading zeros optional. Not all zero.
std::optional<span::TraceId> ParseTraceId(std::string_view text);
std::optional<span::SpanId> ParseSpanId(std::string_view text);

// "server", also "SERVER"; nothing for other words.
std::optional<span::SpanKind> ParseSpanKind(std::string_view text);
std::optional<span::SpanStatus> ParseSpanStatus(std::string_view text);

}  // namespace spandrel::api
