// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/http_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "net/compression.h"
#include "net/grpc.h"
#include "receivers/cors.h"

namespace spandrel::receivers {
namespace {

using base::Status;
using base::StatusCode;

constexpr const char* kProtobufType = "application/x-protobuf";
constexpr const char* kJsonType = "application/json";

std::string MediaType(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  std::string lower(type);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string RetryAfterSeconds(std::chrono::milliseconds delay) {
  return fmt::to_string(std::max<int64_t>(1, (delay.count() + 999) / 1000));
}

}  // namespace

net::Response HttpTraceService::Refuse(int http_status, std::string text) const {
  net::Response response;
  response.status = http_status;
  response.headers.emplace_back("content-type", "text/plain; charset=utf-8");
  response.body = std::move(text) + "\n";
  return response;
}

net::Response HttpTraceService::RefuseByRoute(const net::Request& request) const {
  if (request.path != path_) {
    return Refuse(404, fmt::format("nothing here; traces go to POST {} (metrics and logs are not "
                                   "taken)",
                                   path_));
  }
  net::Response response = Refuse(405, "use POST");
  response.headers.emplace_back("allow", "POST");
  return response;
}

net::Response HttpTraceService::Answer(Encoding encoding, const IngestOutcome& outcome) const {
  const bool json = encoding == Encoding::kJson;
  net::Response response;
  response.headers.emplace_back("content-type", json ? kJsonType : kProtobufType);
  if (outcome.status.ok()) {
    response.body = json ? wire::EncodeExportResponseJson(outcome.partial)
                         : wire::EncodeExportResponseProtobuf(outcome.partial);
    return response;
  }
  response.status = net::HttpStatusOfCode(outcome.status);
  response.body =
      json ? net::EncodeRpcStatusJson(outcome.status) : net::EncodeRpcStatus(outcome.status);
  if (const auto delay = outcome.status.retry_after()) {
    response.headers.emplace_back("retry-after", RetryAfterSeconds(*delay));
  }
  return response;
}

void HttpTraceService::Respond(net::ServerCall& call, net::Response response) const {
  AddCorsHeaders(cors_, call.request(), &response.headers);
  call.Respond(std::move(response));
}

void HttpTraceService::Handle(std::shared_ptr<const HttpTraceService> service,
                              std::shared_ptr<net::ServerCall> call) {
  const net::Request& request = call->request();
  if (auto preflight = AnswerPreflight(service->cors_, request)) {
    return call->Respond(std::move(*preflight));
  }
  if (request.path != service->path_ || request.method != "POST") {
    return service->Respond(*call, service->RefuseByRoute(request));
  }
  const std::string type = MediaType(net::FindHeader(request.headers, "content-type"));
  if (type != kProtobufType && type != kJsonType) {
    const Status refused = service->ingest_.RefuseRequest(
        {StatusCode::kUnimplemented,
         fmt::format("content-type '{}' is not {} or {}", type, kProtobufType, kJsonType)});
    return service->Respond(*call, service->Refuse(415, refused.message()));
  }
  const Encoding encoding = type == kJsonType ? Encoding::kJson : Encoding::kProtobuf;

  base::ByteBudget::Reservation reservation;
  std::string body = call->TakeBody(&reservation);
  if (const auto coding = net::FindHeader(request.headers, "content-encoding"); !coding.empty()) {
    auto plain = net::Decompress(coding, body, service->max_body_bytes_, &reservation);
    if (!plain.ok()) {
      const Status refused = service->ingest_.RefuseRequest(plain.status());
      net::Response response = service->Answer(encoding, {refused, {}});
      if (refused.code() == StatusCode::kUnimplemented) {
        response.status = 415;
        response.headers.emplace_back("accept-encoding", std::string(net::SupportedEncodings()));
      }
      return service->Respond(*call, std::move(response));
    }
    body = std::move(*plain);
  }

  auto answer = [service, call, encoding](IngestOutcome outcome) {
    service->Respond(*call, service->Answer(encoding, outcome));
  };
  if (encoding == Encoding::kJson) {
    service->ingest_.IngestJson(body, std::move(reservation), std::move(answer));
  } else {
    service->ingest_.IngestProtobuf(std::move(body), std::move(reservation), std::move(answer));
  }
}

}  // namespace spandrel::receivers
