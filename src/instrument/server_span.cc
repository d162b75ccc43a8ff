// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>
#include <string>
#include <typeinfo>

#include "instrument/server_request.h"
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
using instrument::LazyAttributes;
using instrument::State;
using instrument::View;
using std::chrono::steady_clock;

std::unique_ptr<instrument::ServerMeasurement> StartMeasurement(const State& state,
                                                                const ServerRequest& request,
                                                                const Carrier& headers) {
  if (!state.metrics) return nullptr;
  auto measurement = std::make_unique<instrument::ServerMeasurement>();
  measurement->start =
      request.start == steady_clock::time_point() ? steady_clock::now() : request.start;
  const std::string_view method = state.methods.Find(request.method);
  measurement->method = method.empty() ? "_OTHER" : method;
  measurement->scheme = instrument::OriginalScheme(state, request, headers);
  measurement->version = instrument::KnownVersion(request.protocol_version);
  measurement->route = request.route;
  return measurement;
}

instrument::Measured ToMeasured(const State& state,
                                const instrument::ServerMeasurement& measurement) {
  instrument::Measured measured;
  measured.method = measurement.method;
  measured.scheme = measurement.scheme;
  measured.server_address = state.server.host;
  measured.server_port = state.server.port;
  return measured;
}

}  // namespace

ServerSpan::ServerSpan(const Instrumentation& instrumentation, const ServerRequest& request,
                       const Carrier& headers, Activation activation)
    : state_(instrumentation.state_.get()) {
  Start(request, headers, activation);
}

ServerSpan::ServerSpan(const Options& options, const ServerRequest& request, const Carrier& headers,
                       Activation activation)
    : owned_(Instrumentation(options).state_), state_(owned_.get()) {
  Start(request, headers, activation);
}

ServerSpan::~ServerSpan() {
  FailIfUnwinding();
  End();
}

// What the exception is cannot be told before somebody catches it.
void ServerSpan::FailIfUnwinding() {
  if (state_ == nullptr || failed_ || std::uncaught_exceptions() <= exceptions_) return;
  SetError(error_type_.empty() ? "_OTHER" : error_type_, "left by an exception");
}

void ServerSpan::Start(const ServerRequest& request, const Carrier& headers,
                       Activation activation) {
  const State& state = *state_;
  exceptions_ = std::uncaught_exceptions();
  const RequestView view{request.method, request.target, {}, request.peer_address, &headers};
  context_ = context::RuntimeContext::GetCurrent();
  if (state.options.filter && !state.options.filter(view)) {
    span_ = instrument::NoSpan();
    state_ = nullptr;
    return;
  }
  context_ = state.Extract(headers, context_);
  const auto write = [&](AttributeSink& sink) {
    instrument::WriteServerRequest(state, request, headers, sink);
  };
  const LazyAttributes attributes(write);
  instrument::SpanStart start(context_, trace::SpanKind::kServer);
  if (state.options.public_endpoint && state.options.public_endpoint(view)) start.LinkToParent();
  if (request.start != steady_clock::time_point()) start.SetTime(request.start);
  name_method_ = state.NameMethod(request.method);
  std::string name;
  span_ = start.Run(state.tracer(),
                    state.Name({request.method, request.target, request.route}, name_method_, name),
                    attributes);
  recording_ = span_->IsRecording();
  context_ = spandrel::context::WithSpan(context_, span_);
  if (activation == Activation::kThread) current_ = context::RuntimeContext::Attach(context_);

  if (recording_ && state.options.span_name) {
    method_ = request.method;
    target_ = request.target;
  }
  measurement_ = StartMeasurement(state, request, headers);
  if (!measurement_) return;
  instrument::AddActive(state.metrics->server, ToMeasured(state, *measurement_), 1, context_);
}

void ServerSpan::SetRoute(std::string_view route) {
  if (state_ == nullptr) return;
  if (measurement_) measurement_->route = route;
  if (!recording_) return;
  span_->SetAttribute("http.route", View(route));
  std::string buffer;
  span_->UpdateName(View(state_->Name({method_, target_, route}, name_method_, buffer)));
}

void ServerSpan::RecordException(const std::exception& exception) {
  RecordException(DemangledTypeName(typeid(exception).name()), exception.what());
}

void ServerSpan::RecordException(std::string_view type, std::string_view message) {
  if (state_ == nullptr) return;
  error_type_ = type;
  if (recording_) spandrel::RecordException(*span_, type, message);
}

void ServerSpan::RecordCurrentException() {
  if (state_ == nullptr) return;
  error_type_ = CurrentExceptionType();
  if (recording_) spandrel::RecordCurrentException(*span_);
}

void ServerSpan::SetStatusCode(int status) {
  if (status < 200 && status != 101) return;
  status_ = status;
}

void ServerSpan::SetError(std::string_view type, std::string_view description) {
  if (state_ == nullptr) return;
  failed_ = true;
  error_type_ = type;
  if (recording_) span_->SetStatus(trace::StatusCode::kError, View(description));
}

void ServerSpan::SetResponseHeaders(const Carrier& headers) {
  if (recording_) instrument::SetHeaders(state_->server_response_headers, headers, *span_);
}

void ServerSpan::AddRead(uint64_t bytes) {
  if (state_ == nullptr) return;
  bytes_read_ = std::max<int64_t>(bytes_read_, 0) + static_cast<int64_t>(bytes);
  if (recording_ && state_->options.read_events) {
    span_->AddEvent("read", {{"http.read_bytes", bytes}});
  }
}

void ServerSpan::AddWritten(uint64_t bytes) {
  if (state_ == nullptr) return;
  bytes_written_ = std::max<int64_t>(bytes_written_, 0) + static_cast<int64_t>(bytes);
  if (recording_ && state_->options.write_events) {
    span_->AddEvent("write", {{"http.wrote_bytes", bytes}});
  }
}

void ServerSpan::AddMetricAttribute(std::string_view key, MetricValue value) {
  if (measurement_) measurement_->extra.emplace_back(key, std::move(value));
}

void ServerSpan::End() {
  if (state_ == nullptr) return;
  current_ = nullptr;
  // A handler's exception is the cause of an answer from 500 on, and of none at all.
  std::string_view error_type;
  if (failed_ || status_ >= 500 || status_ == 0) error_type = error_type_;
  instrument::StatusText code;
  if (error_type.empty() && status_ >= 500) error_type = code.Write(status_);
  if (recording_) Finish(error_type);
  span_->End();
  if (measurement_) Measure(error_type);
  recording_ = false;
  state_ = nullptr;
}

void ServerSpan::Finish(std::string_view error_type) {
  if (status_ > 0) {
    span_->SetAttribute("http.response.status_code", static_cast<int32_t>(status_));
  }
  if (!error_type.empty()) {
    span_->SetAttribute("error.type", View(error_type));
    if (!failed_) span_->SetStatus(trace::StatusCode::kError);
  }
  if (!state_->options.body_sizes) return;
  if (bytes_read_ >= 0) span_->SetAttribute("http.request.body.size", bytes_read_);
  if (bytes_written_ >= 0) span_->SetAttribute("http.response.body.size", bytes_written_);
}

void ServerSpan::Measure(std::string_view error_type) {
  instrument::Measured measured = ToMeasured(*state_, *measurement_);
  instrument::AddActive(state_->metrics->server, measured, -1, context_);
  measured.version = measurement_->version;
  measured.route = measurement_->route;
  measured.error_type = error_type;
  measured.status = status_;
  measured.request_bytes = bytes_read_;
  measured.response_bytes = bytes_written_;
  measured.seconds = instrument::SecondsSince(measurement_->start);
  measured.extra = &measurement_->extra;
  instrument::Record(state_->metrics->server, measured, context_);
}

}  // namespace spandrel::http
