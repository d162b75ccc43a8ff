// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/http_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "endpoints/cors.h"
#include "net/exchange/server_call.h"
#include "net/http/compression.h"
#include "net/http/rpc_status.h"

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

// An answer to what is not an export request at all.
net::Response PlainText(int http_status, std::string text) {
  net::Response response;
  response.status = http_status;
  response.headers.emplace_back("content-type", "text/plain; charset=utf-8");
  response.body = std::move(text) + "\n";
  return response;
}

}  // namespace

std::optional<HttpTraceService::Encoding> HttpTraceService::EncodingOf(
    const net::Request& request) {
  const std::string type = MediaType(net::FindHeader(request.headers, "content-type"));
  if (type == kProtobufType) return Encoding::kProtobuf;
  if (type == kJsonType) return Encoding::kJson;
  return std::nullopt;
}

std::optional<net::Response> HttpTraceService::RefuseByHeaders(
    const net::Request& request, std::optional<Encoding> encoding) const {
  if (request.path != path_) {
    return PlainText(
        404,
        fmt::format("nothing here; traces go to POST {} (metrics and logs are not taken)", path_));
  }
  if (request.method != "POST") {
    net::Response response = PlainText(405, "use POST");
    response.headers.emplace_back("allow", "POST");
    return response;
  }
  if (!encoding) {
    const Status refused = ingest_.RefuseRequest(
        {StatusCode::kUnimplemented,
         fmt::format("content-type is neither {} nor {}", kProtobufType, kJsonType)});
    return PlainText(415, refused.message());
  }
  return std::nullopt;
}

base::Result<std::string> HttpTraceService::ReadBody(
    net::ServerCall& call, base::ByteBudget::Reservation* reservation) const {
  base::ByteBudget::Reservation sent;
  std::string body = call.TakeBody(&sent);
  const std::string_view coding = net::FindHeader(call.request().headers, "content-encoding");
  if (coding.empty()) {
    *reservation = std::move(sent);
    return body;
  }
  if (!memory_.TryReserve(0, reservation)) return Status(StatusCode::kUnavailable, "no memory");
  return net::Decompress(coding, body, max_body_bytes_, reservation);
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

net::Response HttpTraceService::AnswerBadBody(Encoding encoding, Status status) const {
  const Status refused = ingest_.RefuseRequest(std::move(status));
  net::Response response = Answer(encoding, {refused, {}});
  if (refused.code() == StatusCode::kUnimplemented) {
    response.status = 415;
    response.headers.emplace_back("accept-encoding", std::string(net::SupportedEncodings()));
  }
  return response;
}

void HttpTraceService::Respond(net::ServerCall& call, net::Response response) const {
  endpoints::AddCorsHeaders(cors_, call.request(), &response.headers);
  call.Respond(std::move(response));
}

void HttpTraceService::Handle(std::shared_ptr<const HttpTraceService> service,
                              std::shared_ptr<net::ServerCall> call) {
  const net::Request& request = call->request();
  if (auto preflight = endpoints::AnswerPreflight(service->cors_, request, "POST")) {
    return call->Respond(std::move(*preflight));
  }
  const std::optional<Encoding> encoding = EncodingOf(request);
  if (auto refusal = service->RefuseByHeaders(request, encoding)) {
    return service->Respond(*call, std::move(*refusal));
  }
  base::ByteBudget::Reservation reservation;
  auto body = service->ReadBody(*call, &reservation);
  if (!body.ok()) {
    return service->Respond(*call, service->AnswerBadBody(*encoding, body.status()));
  }
  auto answer = [service, call, encoding = *encoding](IngestOutcome outcome) {
    service->Respond(*call, service->Answer(encoding, outcome));
  };
  if (*encoding == Encoding::kJson) {
    service->ingest_.IngestJson(*body, std::move(reservation), std::move(answer));
  } else {
    service->ingest_.IngestProtobuf(std::move(*body), std::move(reservation), std::move(answer));
  }
}

}  // namespace spandrel::receivers
