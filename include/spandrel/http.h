// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "opentelemetry/context/propagation/text_map_propagator.h"
#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/nostd/unique_ptr.h"
#include "opentelemetry/trace/span.h"
#include "opentelemetry/trace/tracer_provider.h"

// Spans of HTTP requests after OpenTelemetry's semantic conventions for HTTP, whatever the HTTP
// library. spandrel/httplib.h and spandrel/curl.h use them. They need only the OpenTelemetry API,
// so that they work with any tracer behind it.
namespace spandrel::http {

using Carrier = opentelemetry::context::propagation::TextMapCarrier;
using SpanPtr = opentelemetry::nostd::shared_ptr<opentelemetry::trace::Span>;

struct Options {
  // Null: the global provider at the time of each request.
  opentelemetry::nostd::shared_ptr<opentelemetry::trace::TracerProvider> tracer_provider;
};

// A request that came in. Views are used only while the span is made; empty ones are unknown.
struct ServerRequest {
  std::string_view method;
  std::string_view target;  // path and query as sent
  std::string_view scheme = "http";
  std::string_view protocol_version;  // "1.1", "2"
  std::string_view peer_address;
  int peer_port = 0;
};

// The span of a request being served. It is the current span of its thread from its beginning to
// its end, and so belongs to one thread. Ends at the latest when it is destroyed.
class ServerSpan {
 public:
  // `headers` finds request headers, whatever their case; the parent, the baggage and attributes
  // such as client.address (Forwarded, X-Forwarded-For), server.address and user_agent.original
  // come from them.
  ServerSpan(const Options& options, const ServerRequest& request, const Carrier& headers);
  ServerSpan(const ServerSpan&) = delete;
  ServerSpan& operator=(const ServerSpan&) = delete;
  ~ServerSpan() { End(); }

  // The pattern that matched, like "/users/:id": becomes http.route and part of the span's name.
  void SetRoute(std::string_view route);
  // A handler has thrown: an exception event, and error.type if the answer is an error.
  void RecordException(const std::exception& exception);
  void RecordException(std::string_view type, std::string_view message);
  // From 500 on the span is an error.
  void SetStatusCode(int status);
  void End();

  const SpanPtr& span() const { return span_; }

 private:
  SpanPtr span_;
  opentelemetry::nostd::unique_ptr<opentelemetry::context::Token> current_;
  std::string method_;
  std::string exception_type_;
};

// A request going out. Views are used only while the span is made.
struct ClientRequest {
  std::string_view method;
  std::string_view url;           // absolute
  std::string_view url_template;  // "/users/{id}", when known: part of the span's name
  int resend_count = 0;           // of a retry or a redirect
};

// The span of one request sent. Not made current, since nothing happens inside it. Thread-safe as
// the span is. Ends at the latest when it is destroyed.
class ClientSpan {
 public:
  ClientSpan(const Options& options, const ClientRequest& request);
  ClientSpan(const ClientSpan&) = delete;
  ClientSpan& operator=(const ClientSpan&) = delete;
  ~ClientSpan() { End(); }

  // Writes traceparent, tracestate and baggage.
  void Inject(Carrier& headers) const;

  // For libraries that tell the method only afterwards.
  void SetMethod(std::string_view method);
  // From 400 on the span is an error.
  void SetStatusCode(int status);
  void SetPeer(std::string_view address, int port);
  void SetProtocolVersion(std::string_view version);
  void SetResendCount(int count);
  // No answer came. `type` is one of few: "timeout", "connection_refused".
  void SetError(std::string_view type, std::string_view description);
  void End();

  const SpanPtr& span() const { return span_; }

 private:
  SpanPtr span_;
  std::string url_template_;
};

}  // namespace spandrel::http
