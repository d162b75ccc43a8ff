// SPDX-License-Identifier: Apache-2.0
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

}  // namespace

ClientSpan::ClientSpan(const Options& options, const ClientRequest& request)
    : url_template_(request.url_template) {
  const std::string url = instrument::RedactUrl(request.url);
  const HostPort server = instrument::HostOfUrl(request.url);

  AttributeList attributes;
  attributes.AddText("http.request.method", instrument::MethodAttribute(request.method));
  if (!instrument::IsKnownMethod(request.method)) {
    attributes.AddText("http.request.method_original", request.method);
  }
  attributes.AddText("url.full", url);
  attributes.AddText("url.template", request.url_template);
  attributes.AddText("server.address", server.host);
  attributes.AddPort("server.port", server.port);
  if (request.resend_count > 0) {
    attributes.Add("http.request.resend_count", static_cast<int32_t>(request.resend_count));
  }
  trace::StartSpanOptions start;
  start.kind = trace::SpanKind::kClient;
  const std::string name = instrument::SpanName(request.method, url_template_);
  span_ = instrument::TracerOf(options)->StartSpan(View(name), attributes, start);
}

void ClientSpan::Inject(Carrier& headers) const {
  context::Context current = context::RuntimeContext::GetCurrent();
  context::propagation::GlobalTextMapPropagator::GetGlobalPropagator()->Inject(
      headers, trace::SetSpan(current, span_));
}

void ClientSpan::SetMethod(std::string_view method) {
  span_->SetAttribute("http.request.method", View(instrument::MethodAttribute(method)));
  if (!instrument::IsKnownMethod(method)) {
    span_->SetAttribute("http.request.method_original", View(method));
  }
  span_->UpdateName(View(instrument::SpanName(method, url_template_)));
}

void ClientSpan::SetStatusCode(int status) {
  span_->SetAttribute("http.response.status_code", static_cast<int32_t>(status));
  if (status < 400) return;
  span_->SetAttribute("error.type", View(std::to_string(status)));
  span_->SetStatus(trace::StatusCode::kError);
}

void ClientSpan::SetPeer(std::string_view address, int port) {
  if (address.empty()) return;
  span_->SetAttribute("network.peer.address", View(address));
  if (port > 0) span_->SetAttribute("network.peer.port", static_cast<int32_t>(port));
}

void ClientSpan::SetProtocolVersion(std::string_view version) {
  if (!version.empty()) span_->SetAttribute("network.protocol.version", View(version));
}

void ClientSpan::SetResendCount(int count) {
  if (count > 0) span_->SetAttribute("http.request.resend_count", static_cast<int32_t>(count));
}

void ClientSpan::SetError(std::string_view type, std::string_view description) {
  span_->SetAttribute("error.type", View(type));
  span_->SetStatus(trace::StatusCode::kError, View(description));
}

void ClientSpan::End() {
  span_->End();
}

}  // namespace spandrel::http
