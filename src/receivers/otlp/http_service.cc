// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/http_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "endpoints/cors.h"
#include "net/exchange/server_call.h"
#include "net/http/compression.h"
#include "net/http/rpc_status.h"
#include "net/http/text_response.h"
#include "receivers/otlp/request_origin.h"

namespace spandrel::receivers {
namespace {

using base::Status;
using base::StatusCode;

constexpr const char* kProtobufType = "application/x-protobuf";
constexpr const char* kJsonType = "application/json";

std::string MediaType(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return base::LowerCase(type);
}

std::string RetryAfterSeconds(std::chrono::milliseconds delay) {
  return fmt::to_string(std::max<int64_t>(1, (delay.count() + 999) / 1000));
}

}  // namespace

std::optional<HttpService::Encoding> HttpService::EncodingOf(const net::Request& request) {
  const std::string type = MediaType(net::FindHeader(request.headers, "content-type"));
  if (type == kProtobufType) return Encoding::kProtobuf;
  if (type == kJsonType) return Encoding::kJson;
  return std::nullopt;
}

const Ingest* HttpService::FindIngest(std::string_view path) const {
  for (const Route& route : routes_) {
    if (route.path == path && route.ingest->is_connected()) return route.ingest.get();
  }
  return nullptr;
}

net::Response HttpService::NothingHere() const {
  std::string text = "nothing here";
  for (const Route& route : routes_) {
    if (!route.ingest->is_connected()) continue;
    text +=
        fmt::format("; {} go to POST {}", signal::SignalName(route.ingest->signal()), route.path);
  }
  return net::TextResponse(404, std::move(text));
}

std::optional<net::Response> HttpService::RefuseByHeaders(const net::Request& request,
                                                          const Ingest* ingest,
                                                          std::optional<Encoding> encoding) const {
  if (ingest == nullptr) return NothingHere();
  if (request.method != "POST") {
    net::Response response = net::TextResponse(405, "use POST");
    response.headers.emplace_back("allow", "POST");
    return response;
  }
  if (!encoding) {
    const Status refused = ingest->RefuseRequest(
        {StatusCode::kUnimplemented,
         fmt::format("content-type is neither {} nor {}", kProtobufType, kJsonType)});
    return net::TextResponse(415, refused.message());
  }
  return std::nullopt;
}

bool HttpService::Takes(std::string_view coding) const {
  return codings_.empty() || std::find(codings_.begin(), codings_.end(), coding) != codings_.end();
}

base::Result<std::string> HttpService::ReadBody(net::ServerCall& call,
                                                base::ByteBudget::Reservation* reservation) const {
  base::ByteBudget::Reservation sent;
  std::string body = call.TakeBody(&sent);
  const std::string_view coding = net::FindHeader(call.request().headers, "content-encoding");
  if (!Takes(coding)) {
    return Status(StatusCode::kUnimplemented,
                  fmt::format("bodies of Content-Encoding '{}' are not taken", coding));
  }
  if (coding.empty()) {
    *reservation = std::move(sent);
    return body;
  }
  if (!memory_.TryReserve(0, reservation)) return Status(StatusCode::kUnavailable, "no memory");
  return net::Decompress(coding, body, config_.max_body_bytes, reservation);
}

net::Response HttpService::Answer(const Ingest& ingest, Encoding encoding,
                                  const IngestOutcome& outcome) {
  const bool json = encoding == Encoding::kJson;
  net::Response response;
  response.headers.emplace_back("content-type", json ? kJsonType : kProtobufType);
  if (outcome.status.ok()) {
    response.body = json ? wire::EncodeExportResponseJson(outcome.partial, ingest.signal())
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

net::Response HttpService::AnswerBadBody(const Ingest& ingest, Encoding encoding, Status status) {
  const Status refused = ingest.RefuseRequest(std::move(status));
  net::Response response = Answer(ingest, encoding, {refused, {}});
  if (refused.code() == StatusCode::kUnimplemented) {
    response.status = 415;
    response.headers.emplace_back("accept-encoding", std::string(net::SupportedEncodings()));
  }
  return response;
}

void HttpService::Respond(net::ServerCall& call, net::Response response) const {
  endpoints::AddCorsHeaders(config_.listener.cors, call.request(), &response.headers);
  call.Respond(std::move(response));
}

void HttpService::Handle(std::shared_ptr<const HttpService> service,
                         std::shared_ptr<net::ServerCall> call) {
  const net::Request& request = call->request();
  if (auto preflight =
          endpoints::AnswerPreflight(service->config_.listener.cors, request, "POST")) {
    return call->Respond(std::move(*preflight));
  }
  const std::optional<Encoding> encoding = EncodingOf(request);
  const Ingest* const ingest = service->FindIngest(request.path);
  if (auto refusal = service->RefuseByHeaders(request, ingest, encoding)) {
    return service->Respond(*call, std::move(*refusal));
  }
  auto tenant = service->tenants_.Read(request, call->tenants());
  if (!tenant.ok()) {
    return service->Respond(*call, Answer(*ingest, *encoding, {tenant.status(), {}}));
  }
  ExportRequest taken;
  taken.is_json = *encoding == Encoding::kJson;
  taken.origin = OriginOf(request, call->identity(), service->config_.listener.include_metadata,
                          *std::move(tenant));
  auto body = service->ReadBody(*call, &taken.reservation);
  if (!body.ok()) {
    return service->Respond(*call, AnswerBadBody(*ingest, *encoding, body.status()));
  }
  taken.body = *std::move(body);
  ingest->Take(std::move(taken),
               [service, call, ingest, encoding = *encoding](const IngestOutcome& outcome) {
                 service->Respond(*call, Answer(*ingest, encoding, outcome));
               });
}

}  // namespace spandrel::receivers
