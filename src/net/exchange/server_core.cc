// SPDX-License-Identifier: Apache-2.0
#include "net/exchange/server_core.h"

#include <algorithm>

#include "net/http/grpc_shape.h"
#include "net/http/text_response.h"

namespace spandrel::net {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(Refusal::kCount)> kNames = {
    "bad_request",       "body_too_large",
    "headers_too_large", "no_memory",
    "header_timeout",    "slow_body",
    "slow_reader",       "misuse",
    "protocol_error",    "too_many_connections",
    "too_many_of_peer",  "idlest",
    "tls_handshake",     "unanswered",
    "overload"};

constexpr std::chrono::milliseconds kMemoryRetryDelay{1'000};

}  // namespace

RefusalCounters::RefusalCounters(base::MetricRegistry& metrics, const std::string& server)
    : aborted_(metrics.AddCounter("spandrel_net_aborted_requests_total", {{"server", server}})) {
  for (size_t i = 0; i < counters_.size(); ++i) {
    counters_[i] = &metrics.AddCounter("spandrel_net_refused_requests_total",
                                       {{"server", server}, {"reason", std::string(kNames[i])}});
  }
}

Response RefusalResponse(const Request& request, int http_status, const base::Status& status) {
  if (request.http2 && IsGrpc(request)) return GrpcStatusResponse(status);
  Response response = TextResponse(http_status, status.message());
  if (const auto delay = status.retry_after()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*delay).count();
    response.headers.emplace_back("retry-after", std::to_string(std::max<int64_t>(seconds, 1)));
  }
  // Without a body over HTTP/2, so that the whole answer is one frame that a reset may follow.
  if (request.http2) response.body.clear();
  return response;
}

BodyRefusal RefuseBody(bool too_large, const ServerCore& core) {
  if (too_large) {
    return {Refusal::kBodyTooLarge, 413,
            base::Status(base::StatusCode::kResourceExhausted,
                         "request body is larger than " +
                             std::to_string(core.limits.max_body_bytes) + " bytes")};
  }
  return {Refusal::kNoMemory, 503,
          base::Status::Unavailable("no memory for the request now", kMemoryRetryDelay)};
}

TimePoint BodyDeadline(const ServerLimits& limits, TimePoint since, size_t received) {
  const size_t rate = std::max<size_t>(limits.min_body_bytes_per_second, 1);
  return since + limits.body_grace + std::chrono::milliseconds(received * 1000 / rate);
}

void SplitTarget(Request* request) {
  std::string_view rest = request->target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!rest.starts_with(scheme)) continue;
    const size_t slash = rest.find('/', scheme.size());
    rest = slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
    break;
  }
  const size_t mark = rest.find('?');
  request->path = std::string(rest.substr(0, mark));
  if (mark != std::string_view::npos) request->query = std::string(rest.substr(mark + 1));
}

}  // namespace spandrel::net
