// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "net/http/http.h"

namespace spandrel::exporters {

// What an OTLP/HTTP server's answer means: OK for 2xx; retryable for 429, 502, 503 and 504, after
// `Retry-After` if it says so; final for everything else.
base::Status StatusOfHttpAnswer(const net::Response& response, uint64_t now_unix_nano);

// The delay of a Retry-After header: seconds, or a date (RFC 9110 section 10.2.3) relative to now.
std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view text,
                                                         uint64_t now_unix_nano);

}  // namespace spandrel::exporters
