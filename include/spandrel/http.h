// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "opentelemetry/context/context.h"
#include "opentelemetry/context/propagation/text_map_propagator.h"
#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/nostd/unique_ptr.h"
#include "opentelemetry/trace/span.h"
#include "spandrel/http_carrier.h"
#include "spandrel/http_options.h"

namespace spandrel::instrument {
struct State;
struct ServerMeasurement;
struct ClientMeasurement;
}  // namespace spandrel::instrument

// Spans of HTTP requests after OpenTelemetry's semantic conventions for HTTP, whatever the HTTP
// library. spandrel/httplib.h and spandrel/curl.h use them. They need only the OpenTelemetry API,
// so that they work with any tracer behind it.
namespace spandrel::http {

using SpanPtr = opentelemetry::nostd::shared_ptr<opentelemetry::trace::Span>;
using Context = opentelemetry::context::Context;
// Of an attribute of metrics.
using MetricValue = std::variant<std::string, int64_t, double, bool>;

// Options made ready for requests: tracer and metric instruments found, lists sorted. Make one for
// each server or client, not one for each request; it outlives the spans made with it. Immutable,
// thread-safe; copies are the same instrumentation.
class Instrumentation {
 public:
  explicit Instrumentation(Options options = {});
  const instrument::State& state() const { return *state_; }

  // With default options; lives as long as the process.
  static const Instrumentation& Default();

 private:
  friend class ServerSpan;
  friend class ClientSpan;
  std::shared_ptr<const instrument::State> state_;
};

// A request that came in. Views are used only while the span is made; empty ones are unknown.
struct ServerRequest {
  std::string_view method;
  std::string_view target;  // path and query as sent
  std::string_view scheme = "http";
  std::string_view protocol_version;  // "1.1", "2"
  std::string_view peer_address;
  int peer_port = 0;
  std::string_view route;  // when it is known this early
  // When the request arrived, if not now.
  std::chrono::steady_clock::time_point start{};
};

// Whether a server span becomes the current span of the thread that makes it.
enum class Activation { kThread, kNone };

// The span of a request being served, and its metrics. With Activation::kThread it is the current
// span of its thread from its beginning to its end, and so belongs to that thread; with kNone any
// one thread at a time may use it, and context() is what to make current where the request is
// worked on. Ends at the latest when it is destroyed; an exception that then leaves its scope is an
// error.
class ServerSpan {
 public:
  // `headers` finds request headers, whatever their case, with views that stay valid until the
  // constructor returns; the parent, the baggage and attributes such as client.address
  // (Forwarded, X-Forwarded-For), server.address and user_agent.original come from them.
  ServerSpan(const Instrumentation& instrumentation, const ServerRequest& request,
             const Carrier& headers, Activation activation = Activation::kThread);
  // The same with an Instrumentation of its own: slow, and for rare requests only.
  ServerSpan(const Options& options, const ServerRequest& request, const Carrier& headers,
             Activation activation = Activation::kThread);
  ServerSpan(const ServerSpan&) = delete;
  ServerSpan& operator=(const ServerSpan&) = delete;
  ~ServerSpan();

  // The pattern that matched, like "/users/:id": becomes http.route and part of the span's name.
  void SetRoute(std::string_view route);
  // A handler has thrown: an exception event, and error.type if the answer is an error.
  void RecordException(const std::exception& exception);
  void RecordException(std::string_view type, std::string_view message);
  // The same within a catch block, whatever was thrown.
  void RecordCurrentException();
  // From 500 on the span is an error. Interim answers (1xx but 101) are ignored.
  void SetStatusCode(int status);
  // No answer could be sent. `type` is one of few: "connection_lost", "timeout".
  void SetError(std::string_view type, std::string_view description = {});
  // Captures those headers of the answer that Options name.
  void SetResponseHeaders(const Carrier& headers);
  // Parts of the bodies as they pass; they add up to http.{request,response}.body.size.
  void AddRead(uint64_t bytes);
  void AddWritten(uint64_t bytes);
  // An attribute of this request's metrics (but active_requests), with few different values.
  void AddMetricAttribute(std::string_view key, MetricValue value);
  // Later calls do nothing. On the thread that made it, if activated.
  void End();

  // Whether attributes set now are kept.
  bool recording() const { return recording_; }
  // Never null; a span that records nothing when the filter says so.
  const SpanPtr& span() const { return span_; }
  // The caller's baggage with this span as the current one.
  const Context& context() const { return context_; }

 private:
  void Start(const ServerRequest& request, const Carrier& headers, Activation activation);
  void FailIfUnwinding();
  void Finish(std::string_view error_type);
  void Measure(std::string_view error_type);

  std::shared_ptr<const instrument::State> owned_;
  const instrument::State* state_ = nullptr;  // null: filtered out, or ended
  SpanPtr span_;
  Context context_;
  opentelemetry::nostd::unique_ptr<opentelemetry::context::Token> current_;
  bool recording_ = false;
  bool failed_ = false;
  int exceptions_ = 0;  // under way on the thread when it was made
  int status_ = 0;
  int64_t bytes_read_ = -1;  // not known
  int64_t bytes_written_ = -1;
  std::string_view name_method_;  // "HTTP" for methods that are not known
  std::string method_;            // these two only for a formatter of names
  std::string target_;
  std::string error_type_;
  std::unique_ptr<instrument::ServerMeasurement> measurement_;  // null: no metrics
};

// A request going out. Views are used only while the span is made.
struct ClientRequest {
  std::string_view method;
  std::string_view url;           // absolute
  std::string_view url_template;  // "/users/{id}", when known: part of the span's name
  int resend_count = 0;           // of a retry or a redirect
};

// The span of one request sent, and its metrics. Not made current, since nothing happens inside it.
// One thread at a time. Ends at the latest when it is destroyed; an exception that then leaves its
// scope is an error.
class ClientSpan {
 public:
  // A child of `parent`, or of what is current on this thread.
  ClientSpan(const Instrumentation& instrumentation, const ClientRequest& request);
  ClientSpan(const Instrumentation& instrumentation, const ClientRequest& request,
             const Context& parent);
  // The same with an Instrumentation of its own: slow, and for rare requests only.
  ClientSpan(const Options& options, const ClientRequest& request);
  ClientSpan(const ClientSpan&) = delete;
  ClientSpan& operator=(const ClientSpan&) = delete;
  ~ClientSpan();

  // Writes traceparent, tracestate and baggage.
  void Inject(Carrier& headers) const;
  // Captures those headers of the request that Options name.
  void SetRequestHeaders(const Carrier& headers);

  // For libraries that tell method or URL only afterwards.
  void SetMethod(std::string_view method);
  void SetUrl(std::string_view url);
  // From 400 on the span is an error. Interim answers (1xx but 101) are ignored.
  void SetStatusCode(int status);
  void SetResponseHeaders(const Carrier& headers);
  void SetPeer(std::string_view address, int port);
  void SetProtocolVersion(std::string_view version);
  void SetResendCount(int count);
  // An answer (`status` may be 0: unknown) that sent the request on to another place or asked for
  // it again; resend number `count`.
  void AddRedirect(int count, int status, std::string_view location);
  // No answer came. `type` is one of few: "timeout", "connection_refused".
  void SetError(std::string_view type, std::string_view description);
  // A callback of the application has thrown, within a catch block: an exception event and an
  // error.
  void RecordCurrentException();
  // The caller gave up; that is no error.
  void SetCancelled();
  // Parts of the bodies as they pass; they add up to http.{request,response}.body.size.
  void AddRead(uint64_t bytes);
  void AddWritten(uint64_t bytes);
  // A part of the request's time (name resolution, connecting) as a span below this one.
  void AddPhase(std::string_view name, std::chrono::system_clock::time_point begin,
                std::chrono::system_clock::time_point end);
  // An attribute of this request's metrics, with few different values.
  void AddMetricAttribute(std::string_view key, MetricValue value);
  // Later calls do nothing.
  void End();

  bool recording() const { return recording_; }
  // Never null; a span that records nothing when the filter says so.
  const SpanPtr& span() const { return span_; }
  // Where it was made, with this span as the current one.
  const Context& context() const { return context_; }

 private:
  void Start(const ClientRequest& request);
  void FailIfUnwinding();
  void Finish(std::string_view error_type);
  void Measure(std::string_view error_type);

  std::shared_ptr<const instrument::State> owned_;
  const instrument::State* state_ = nullptr;  // null: filtered out, or ended
  SpanPtr span_;
  Context context_;
  bool recording_ = false;
  bool failed_ = false;
  int exceptions_ = 0;  // under way on the thread when it was made
  int status_ = 0;
  int64_t bytes_read_ = -1;  // not known
  int64_t bytes_written_ = -1;
  std::string url_template_;
  std::string target_;  // only for a formatter of names
  std::string error_type_;
  std::unique_ptr<instrument::ClientMeasurement> measurement_;  // null: no metrics
};

}  // namespace spandrel::http
