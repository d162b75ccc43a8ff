// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>
#include <string>

#include "instrument/span_start.h"
#include "instrument/state.h"
#include "opentelemetry/trace/context.h"
#include "spandrel/context.h"
#include "spandrel/exception.h"
#include "spandrel/http.h"

namespace spandrel::http {
namespace {

namespace context = opentelemetry::context;
namespace trace = opentelemetry::trace;
using instrument::AttributeSink;
using instrument::HostPort;
using instrument::LazyAttributes;
using instrument::State;
using instrument::View;
using std::chrono::steady_clock;
using std::chrono::system_clock;

void WriteRequest(const State& state, const ClientRequest& request, AttributeSink& sink) {
  const std::string_view method = state.methods.Find(request.method);
  sink.AddText("http.request.method", method.empty() ? "_OTHER" : method);
  if (method.empty()) sink.AddText("http.request.method_original", request.method);
  std::string buffer;
  sink.AddText("url.full", state.redaction.Url(request.url, buffer));
  sink.AddText("url.template", request.url_template);
  const HostPort server = instrument::HostOfUrl(request.url);
  sink.AddText("server.address", server.host);
  sink.AddPort("server.port", server.port);
  sink.AddPort("http.request.resend_count", request.resend_count);
  for (const auto& [key, value] : state.options.attributes) sink.AddText(View(key), value);
}

std::unique_ptr<instrument::ClientMeasurement> StartMeasurement(const State& state,
                                                                const ClientRequest& request) {
  if (!state.metrics) return nullptr;
  auto measurement = std::make_unique<instrument::ClientMeasurement>();
  measurement->start = steady_clock::now();
  const std::string_view method = state.methods.Find(request.method);
  measurement->method = method.empty() ? "_OTHER" : method;
  const HostPort server = instrument::HostOfUrl(request.url);
  measurement->server_address = server.host;
  measurement->server_port = server.port;
  return measurement;
}

instrument::Measured ToMeasured(const instrument::ClientMeasurement& measurement) {
  instrument::Measured measured;
  measured.method = measurement.method;
  measured.server_address = measurement.server_address;
  measured.server_port = measurement.server_port;
  return measured;
}

}  // namespace

ClientSpan::ClientSpan(const Instrumentation& instrumentation, const ClientRequest& request)
    : ClientSpan(instrumentation, request, context::RuntimeContext::GetCurrent()) {}

ClientSpan::ClientSpan(const Instrumentation& instrumentation, const ClientRequest& request,
                       const Context& parent)
    : state_(instrumentation.state_.get()), context_(parent) {
  Start(request);
}

ClientSpan::ClientSpan(const Options& options, const ClientRequest& request)
    : owned_(Instrumentation(options).state_),
      state_(owned_.get()),
      context_(context::RuntimeContext::GetCurrent()) {
  Start(request);
}

ClientSpan::~ClientSpan() {
  FailIfUnwinding();
  End();
}

// What the exception is cannot be told before somebody catches it.
void ClientSpan::FailIfUnwinding() {
  if (state_ == nullptr || failed_ || std::uncaught_exceptions() <= exceptions_) return;
  SetError(error_type_.empty() ? "_OTHER" : error_type_, "left by an exception");
}

void ClientSpan::Start(const ClientRequest& request) {
  const State& state = *state_;
  exceptions_ = std::uncaught_exceptions();
  const std::string_view target = instrument::TargetOfUrl(request.url);
  const RequestView view{request.method, target, instrument::AuthorityOfUrl(request.url), {}};
  if (state.options.filter && !state.options.filter(view)) {
    span_ = instrument::NoSpan();
    state_ = nullptr;
    return;
  }
  const auto write = [&](AttributeSink& sink) { WriteRequest(state, request, sink); };
  const LazyAttributes attributes(write);
  std::string buffer;
  const std::string_view name = state.Name({request.method, target, request.url_template},
                                           state.NameMethod(request.method), buffer);
  span_ = instrument::SpanStart(context_, trace::SpanKind::kClient)
              .Run(state.tracer(), name, attributes);
  recording_ = span_->IsRecording();
  context_ = spandrel::context::WithSpan(context_, span_);
  if (recording_) {
    url_template_ = request.url_template;
    if (state.options.span_name) target_ = target;
  }
  measurement_ = StartMeasurement(state, request);
  if (measurement_) {
    instrument::AddActive(state.metrics->client, ToMeasured(*measurement_), 1, context_);
  }
}

void ClientSpan::Inject(Carrier& headers) const {
  if (state_ != nullptr) state_->Inject(headers, context_);
}

void ClientSpan::SetRequestHeaders(const Carrier& headers) {
  if (recording_) instrument::SetHeaders(state_->client_request_headers, headers, *span_);
}

void ClientSpan::SetMethod(std::string_view method) {
  if (state_ == nullptr || method.empty()) return;
  const std::string_view known = state_->methods.Find(method);
  if (measurement_) measurement_->sent_method = known.empty() ? "_OTHER" : known;
  if (!recording_) return;
  span_->SetAttribute("http.request.method", View(known.empty() ? "_OTHER" : known));
  if (known.empty()) span_->SetAttribute("http.request.method_original", View(method));
  std::string buffer;
  span_->UpdateName(
      View(state_->Name({method, target_, url_template_}, state_->NameMethod(method), buffer)));
}

void ClientSpan::SetUrl(std::string_view url) {
  if (!recording_) return;
  std::string buffer;
  span_->SetAttribute("url.full", View(state_->redaction.Url(url, buffer)));
  const HostPort server = instrument::HostOfUrl(url);
  span_->SetAttribute("server.address", View(server.host));
  if (server.port > 0) span_->SetAttribute("server.port", static_cast<int32_t>(server.port));
}

void ClientSpan::SetStatusCode(int status) {
  if (status < 200 && status != 101) return;
  status_ = status;
}

void ClientSpan::SetResponseHeaders(const Carrier& headers) {
  if (recording_) instrument::SetHeaders(state_->client_response_headers, headers, *span_);
}

void ClientSpan::SetPeer(std::string_view address, int port) {
  if (!recording_ || address.empty()) return;
  span_->SetAttribute("network.peer.address", View(address));
  if (port > 0) span_->SetAttribute("network.peer.port", static_cast<int32_t>(port));
}

void ClientSpan::SetProtocolVersion(std::string_view version) {
  if (measurement_) measurement_->version = instrument::KnownVersion(version);
  if (!recording_ || version.empty()) return;
  span_->SetAttribute("network.protocol.version", View(version));
}

void ClientSpan::SetResendCount(int count) {
  if (!recording_ || count <= 0) return;
  span_->SetAttribute("http.request.resend_count", static_cast<int32_t>(count));
}

void ClientSpan::AddRedirect(int count, int status, std::string_view location) {
  if (!recording_) return;
  std::string buffer;
  const std::string_view url = state_->redaction.Url(location, buffer);
  const LazyAttributes attributes([&](AttributeSink& sink) {
    sink.Add("http.request.resend_count", static_cast<int32_t>(count));
    if (status > 0) sink.Add("http.response.status_code", static_cast<int32_t>(status));
    sink.AddText("url.full", url);
  });
  span_->AddEvent("redirect", attributes);
}

void ClientSpan::SetError(std::string_view type, std::string_view description) {
  if (state_ == nullptr) return;
  failed_ = true;
  error_type_ = type;
  if (recording_) span_->SetStatus(trace::StatusCode::kError, View(description));
}

void ClientSpan::RecordCurrentException() {
  if (recording_) spandrel::RecordCurrentException(*span_);
  SetError(CurrentExceptionType(), {});
}

void ClientSpan::SetCancelled() {
  if (recording_) span_->AddEvent("cancelled");
}

void ClientSpan::AddRead(uint64_t bytes) {
  if (state_ == nullptr) return;
  bytes_read_ = std::max<int64_t>(bytes_read_, 0) + static_cast<int64_t>(bytes);
  if (recording_ && state_->options.read_events) {
    span_->AddEvent("read", {{"http.read_bytes", bytes}});
  }
}

void ClientSpan::AddWritten(uint64_t bytes) {
  if (state_ == nullptr) return;
  bytes_written_ = std::max<int64_t>(bytes_written_, 0) + static_cast<int64_t>(bytes);
  if (recording_ && state_->options.write_events) {
    span_->AddEvent("write", {{"http.wrote_bytes", bytes}});
  }
}

void ClientSpan::AddPhase(std::string_view name, system_clock::time_point begin,
                          system_clock::time_point end) {
  if (!recording_) return;
  const auto to_steady = [system = system_clock::now(),
                          steady = steady_clock::now()](system_clock::time_point time) {
    return steady - std::chrono::duration_cast<steady_clock::duration>(system - time);
  };
  trace::StartSpanOptions options;
  options.parent = context_;
  options.start_system_time = begin;
  options.start_steady_time = to_steady(begin);
  trace::EndSpanOptions at_end;
  at_end.end_steady_time = to_steady(end);
  state_->tracer().StartSpan(View(name), options)->End(at_end);
}

void ClientSpan::AddMetricAttribute(std::string_view key, MetricValue value) {
  if (measurement_) measurement_->extra.emplace_back(key, std::move(value));
}

void ClientSpan::End() {
  if (state_ == nullptr) return;
  std::string_view error_type;
  if (failed_) error_type = error_type_;
  instrument::StatusText code;
  if (error_type.empty() && status_ >= 400) error_type = code.Write(status_);
  if (recording_) Finish(error_type);
  span_->End();
  if (measurement_) Measure(error_type);
  recording_ = false;
  state_ = nullptr;
}

void ClientSpan::Finish(std::string_view error_type) {
  if (status_ > 0) {
    span_->SetAttribute("http.response.status_code", static_cast<int32_t>(status_));
  }
  if (!error_type.empty()) {
    span_->SetAttribute("error.type", View(error_type));
    if (!failed_) span_->SetStatus(trace::StatusCode::kError);
  }
  if (!state_->options.body_sizes) return;
  if (bytes_written_ >= 0) span_->SetAttribute("http.request.body.size", bytes_written_);
  if (bytes_read_ >= 0) span_->SetAttribute("http.response.body.size", bytes_read_);
}

void ClientSpan::Measure(std::string_view error_type) {
  instrument::Measured measured = ToMeasured(*measurement_);
  instrument::AddActive(state_->metrics->client, measured, -1, context_);
  if (!measurement_->sent_method.empty()) measured.method = measurement_->sent_method;
  measured.version = measurement_->version;
  measured.error_type = error_type;
  measured.status = status_;
  measured.request_bytes = bytes_written_;
  measured.response_bytes = bytes_read_;
  measured.seconds = instrument::SecondsSince(measurement_->start);
  measured.extra = &measurement_->extra;
  instrument::Record(state_->metrics->client, measured, context_);
}

}  // namespace spandrel::http
