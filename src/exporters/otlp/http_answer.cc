// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp/http_answer.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

#include "net/http/rpc_status.h"

namespace spandrel::exporters {
namespace {

constexpr int64_t kMaxDelaySeconds = 24 * 3600;
constexpr uint64_t kNanosPerSecond = 1'000'000'000;

bool IsRetryableHttpStatus(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view text,
                                                         uint64_t now_unix_nano) {
  int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    std::tm date{};
    const std::string copy(text);
    const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (end == nullptr || *end != '\0') return std::nullopt;
    seconds = timegm(&date) - static_cast<int64_t>(now_unix_nano / kNanosPerSecond);
  }
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, kMaxDelaySeconds));
}

base::Status StatusOfHttpAnswer(const net::Response& response, uint64_t now_unix_nano) {
  if (response.status >= 200 && response.status < 300) return {};
  const std::string message = fmt::format("the peer answered with HTTP status {}", response.status);
  if (!IsRetryableHttpStatus(response.status)) {
    const base::Status mapped(net::GrpcCodeOfHttpStatus(response.status), message);
    return mapped.ok() || mapped.retryable() ? base::Status(base::StatusCode::kUnknown, message)
                                             : mapped;
  }
  base::Status status(base::StatusCode::kUnavailable, message);
  const std::string_view after = net::FindHeader(response.headers, "retry-after");
  if (const auto delay = ParseRetryAfter(after, now_unix_nano)) status.set_retry_after(*delay);
  return status;
}

}  // namespace spandrel::exporters
