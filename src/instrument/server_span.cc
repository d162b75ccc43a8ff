// SPDX-License-Identifier: Apache-2.0
#include <typeinfo>

#include "instrument/attribute_list.h"
#include "instrument/semantics.h"
#include "instrument/tracer.h"
#include "opentelemetry/context/propagation/global_propagator.h"
#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/tracer.h"
#include "spandrel/http.h"

namespace spandrel::http {
namespace {

namespace context = opentelemetry::context;
namespace trace = opentelemetry::trace;
using instrument::AttributeList;
using instrument::HostPort;
using instrument::View;

std::string_view Header(const Carrier& headers, const char* name) {
  const opentelemetry::nostd::string_view value = headers.Get(name);
  return {value.data(), value.size()};
}

// What proxies in front of the server have told about the client and the original request.
struct Origin {
  std::string_view client;
  std::string_view host;
  std::string_view scheme;
};

Origin FindOrigin(const Carrier& headers, const ServerRequest& request) {
  const std::string_view forwarded = Header(headers, "forwarded");
  Origin origin{instrument::ForwardedParameter(forwarded, "for"),
                instrument::ForwardedParameter(forwarded, "host"),
                instrument::ForwardedParameter(forwarded, "proto")};
  const auto fill = [&headers](std::string_view& value, const char* name) {
    if (value.empty()) value = instrument::FirstElement(Header(headers, name));
  };
  fill(origin.client, "x-forwarded-for");
  fill(origin.host, "x-forwarded-host");
  fill(origin.scheme, "x-forwarded-proto");
  if (origin.client.empty()) origin.client = request.peer_address;
  if (origin.host.empty()) origin.host = Header(headers, "host");
  if (origin.scheme.empty()) origin.scheme = request.scheme;
  return origin;
}

void AddUrl(AttributeList& attributes, std::string_view target, std::string& redacted_query) {
  const size_t question = std::min(target.find('?'), target.size());
  attributes.AddText("url.path", target.substr(0, question));
  if (question + 1 >= target.size()) return;
  redacted_query = instrument::RedactQuery(target.substr(question + 1));
  attributes.AddText("url.query", redacted_query);
}

}  // namespace

ServerSpan::ServerSpan(const Options& options, const ServerRequest& request, const Carrier& headers)
    : method_(request.method) {
  const Origin origin = FindOrigin(headers, request);
  const HostPort server =
      instrument::ParseHostPort(origin.host, instrument::DefaultPort(origin.scheme));
  const HostPort client = instrument::ParseHostPort(origin.client, 0);
  std::string redacted_query;

  AttributeList attributes;
  attributes.AddText("http.request.method", instrument::MethodAttribute(request.method));
  if (!instrument::IsKnownMethod(request.method)) {
    attributes.AddText("http.request.method_original", request.method);
  }
  AddUrl(attributes, request.target, redacted_query);
  attributes.AddText("url.scheme", origin.scheme);
  attributes.AddText("server.address", server.host);
  attributes.AddPort("server.port", server.host.empty() ? 0 : server.port);
  const bool bare_ipv6 =
      origin.client.find(':') != origin.client.rfind(':') && origin.client[0] != '[';
  attributes.AddText("client.address", bare_ipv6 ? origin.client : client.host);
  attributes.AddText("network.peer.address", request.peer_address);
  attributes.AddPort("network.peer.port", request.peer_address.empty() ? 0 : request.peer_port);
  attributes.AddText("network.protocol.version", request.protocol_version);
  attributes.AddText("user_agent.original", Header(headers, "user-agent"));

  context::Context current = context::RuntimeContext::GetCurrent();
  context::Context extracted =
      context::propagation::GlobalTextMapPropagator::GetGlobalPropagator()->Extract(headers,
                                                                                    current);
  trace::StartSpanOptions start;
  start.kind = trace::SpanKind::kServer;
  start.parent = extracted;
  const auto tracer = instrument::TracerOf(options);
  span_ = tracer->StartSpan(View(instrument::SpanName(method_, {})), attributes, start);
  current_ = context::RuntimeContext::Attach(trace::SetSpan(extracted, span_));
}

void ServerSpan::SetRoute(std::string_view route) {
  if (!span_->IsRecording()) return;
  span_->SetAttribute("http.route", View(route));
  span_->UpdateName(View(instrument::SpanName(method_, route)));
}

void ServerSpan::RecordException(const std::exception& exception) {
  RecordException(instrument::Demangle(typeid(exception).name()), exception.what());
}

void ServerSpan::RecordException(std::string_view type, std::string_view message) {
  exception_type_ = type;
  span_->AddEvent("exception",
                  {{"exception.type", View(type)}, {"exception.message", View(message)}});
}

void ServerSpan::SetStatusCode(int status) {
  span_->SetAttribute("http.response.status_code", static_cast<int32_t>(status));
  if (status < 500) return;
  const std::string type = exception_type_.empty() ? std::to_string(status) : exception_type_;
  span_->SetAttribute("error.type", View(type));
  span_->SetStatus(trace::StatusCode::kError);
}

void ServerSpan::End() {
  current_ = nullptr;
  span_->End();
}

}  // namespace spandrel::http
