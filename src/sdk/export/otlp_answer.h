// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "net/http/http.h"
#include "sdk/export/transport.h"

// What a collector answers to an export request. Its bytes are not trusted.
namespace spandrel::sdk {

using SystemTime = std::chrono::system_clock::time_point;

// Of an RPC that ended with `status` and, if that is OK, an ExportTraceServiceResponse.
Transport::Outcome OutcomeOfRpc(base::Status status, std::string_view response);

// Of an HTTP exchange: 2xx with an ExportTraceServiceResponse; 429, 502, 503 and 504 mean again,
// after Retry-After or the RetryInfo in the body; all else is final.
Transport::Outcome OutcomeOfHttp(const net::Response& response, SystemTime now);

// The value of Retry-After: seconds, or a date ("Sun, 06 Nov 1994 08:49:37 GMT"; 0 when it has
// passed). Nothing when it is neither.
std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view value, SystemTime now);

}  // namespace spandrel::sdk
