// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opentelemetry/context/propagation/text_map_propagator.h"
#include "opentelemetry/metrics/meter_provider.h"
#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/trace/tracer_provider.h"

// What an application may choose about the spans and metrics of its HTTP requests.
namespace spandrel::http {

using Carrier = opentelemetry::context::propagation::TextMapCarrier;

// A request as filters see it. Views are valid during the call only.
struct RequestView {
  std::string_view method;
  std::string_view target;           // path and query, as sent: an absolute URL from some
  std::string_view authority;        // of the URL of a client; empty on servers, which have Host
  std::string_view peer_address;     // of the connection; empty on clients
  const Carrier* headers = nullptr;  // of the request; null on clients

  std::string_view path() const;                         // also of an absolute URL
  std::string_view query() const;                        // without '?'
  std::string_view host() const;                         // without port
  std::string_view Header(std::string_view name) const;  // empty: it has none
};

// Says something about a request. Called by many threads at once; must not throw.
using Filter = std::function<bool(const RequestView&)>;

// Ready-made predicates. They nest: filter::Not(filter::Any(filter::Path("/healthz"), ...)).
namespace filter {

template <typename... Filters>
auto All(Filters... filters) {
  return [=](const RequestView& request) { return (filters(request) && ...); };
}
template <typename... Filters>
auto Any(Filters... filters) {
  return [=](const RequestView& request) { return (filters(request) || ...); };
}
template <typename... Filters>
auto None(Filters... filters) {
  return [=](const RequestView& request) { return !(filters(request) || ...); };
}
template <typename Predicate>
auto Not(Predicate predicate) {
  return [=](const RequestView& request) { return !predicate(request); };
}

inline auto Path(std::string path) {
  return [path = std::move(path)](const RequestView& request) { return request.path() == path; };
}
inline auto PathPrefix(std::string prefix) {
  return [prefix = std::move(prefix)](const RequestView& request) {
    return request.path().substr(0, prefix.size()) == prefix;
  };
}
// Whatever the case, without port.
Filter Hostname(std::string name);
inline auto Method(std::string method) {
  return
      [method = std::move(method)](const RequestView& request) { return request.method == method; };
}
// The query has this parameter with this value, compared as it is written (no %-decoding).
Filter Query(std::string key, std::string value);
inline auto QueryContains(std::string text) {
  return [text = std::move(text)](const RequestView& request) {
    return request.query().find(text) != std::string_view::npos;
  };
}
inline auto HasHeader(std::string name) {
  return [name = std::move(name)](const RequestView& request) {
    return !request.Header(name).empty();
  };
}
inline auto Header(std::string name, std::string value) {
  return [name = std::move(name), value = std::move(value)](const RequestView& request) {
    return request.Header(name) == value;
  };
}
inline auto HeaderContains(std::string name, std::string text) {
  return [name = std::move(name), text = std::move(text)](const RequestView& request) {
    return request.Header(name).find(text) != std::string_view::npos;
  };
}
// The connection comes from one of these networks, "10.0.0.0/8", "fd00::/8" or plain addresses.
// Throws std::invalid_argument when one of them is none.
Filter PeerIn(const std::vector<std::string>& networks);

}  // namespace filter

// What a span's name is made from. `route` (a server's pattern, a client's URL template) is empty
// until it is known. Views are valid during the call only.
struct NameParts {
  std::string_view method;  // as sent
  std::string_view target;  // path and query
  std::string_view route;
};
using NameFormatter = std::function<std::string(const NameParts&)>;

// Defaults follow the semantic conventions. Environment variables are read when an Instrumentation
// is made.
struct Options {
  // Null: the global provider at the time of each request.
  opentelemetry::nostd::shared_ptr<opentelemetry::trace::TracerProvider> tracer_provider;
  // Null: the global propagator at the time of each request.
  opentelemetry::nostd::shared_ptr<opentelemetry::context::propagation::TextMapPropagator>
      propagator;
  // Null: no metrics. The API cannot carry bucket boundaries; set them by a view of your SDK.
  opentelemetry::nostd::shared_ptr<opentelemetry::metrics::MeterProvider> meter_provider;

  // False: the request has neither span nor metrics, and its trace context is not read or written.
  Filter filter;
  // Replaces `{method} {route}`. Called when a span starts and again when its route is known.
  NameFormatter span_name;
  // True: the caller is a stranger. The span starts a new trace and links to the caller's.
  Filter public_endpoint;

  // Headers that become attributes http.request.header.<name> and http.response.header.<name>,
  // beside those that OTEL_INSTRUMENTATION_HTTP_{SERVER,CLIENT}_CAPTURE_{REQUEST,RESPONSE}_HEADERS
  // name. Values of redacted_headers are written as REDACTED.
  std::vector<std::string> captured_request_headers;
  std::vector<std::string> captured_response_headers;
  std::vector<std::string> redacted_headers = {
      "authorization",       "cookie",    "set-cookie",  "www-authenticate", "proxy-authenticate",
      "proxy-authorization", "x-api-key", "x-auth-token"};
  // Parameters whose values are replaced by REDACTED in url.query and url.full. Not set: the
  // convention's list, which is signatures and keys of clouds.
  std::optional<std::vector<std::string>> sensitive_query_parameters;
  // Replaces the built-in methods and OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS.
  std::vector<std::string> known_methods;

  // server.address (with ":port" if need be) in place of what Host says.
  std::string server_name;
  // Whether Forwarded and X-Forwarded-* are believed about client, host and scheme.
  bool trust_forwarded = true;
  // http.request.body.size and http.response.body.size on spans. Metrics have them anyway.
  bool body_sizes = false;
  // An event for each part of a body that was read or written, with its size.
  bool read_events = false;
  bool write_events = false;
  // On every span.
  std::vector<std::pair<std::string, std::string>> attributes;
};

}  // namespace spandrel::http
