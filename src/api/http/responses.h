// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http/http.h"

namespace spandrel::api {

// In every answer that may lack spans because they are damaged where they are stored: how many.
inline constexpr std::string_view kUnreadableSpansHeader = "x-spandrel-unreadable-spans";

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";
inline constexpr std::string_view kTraceColumnsType = "application/vnd.spandrel.trace";

net::Response MakeResponse(int status, std::string_view content_type, std::string body);
net::Response JsonResponse(std::string body);

// `{"error": "what is wrong"}`.
net::Response ErrorResponse(int http_status, std::string_view message);
// The same for a failed query, with Retry-After where the status says when to come back.
net::Response ErrorResponse(const base::Status& status);

// The HTTP status for a query that failed.
int HttpStatusOfQuery(const base::Status& status);

}  // namespace spandrel::api
