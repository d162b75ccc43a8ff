// SPDX-License-Identifier: Apache-2.0
#include "api/http/router.h"

#include <fmt/format.h>

#include <optional>

#include "api/http/responses.h"
#include "net/http/compression.h"

namespace spandrel::api {
namespace {

constexpr size_t kMinCompressedBytes = 1 << 10;

constexpr std::pair<std::string_view, std::string_view> kSecurityHeaders[] = {
    {"content-security-policy",
     "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
     "form-action 'self'; frame-ancestors 'self'"},
    {"x-content-type-options", "nosniff"},
    {"referrer-policy", "no-referrer"},
    {"cross-origin-resource-policy", "same-origin"},
};

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool IsParameter(std::string_view segment) {
  return segment.starts_with('{');
}

// The path parameters when the path fits the pattern.
std::optional<net::Headers> Match(const std::vector<std::string>& pattern,
                                  const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  net::Headers parameters;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (!IsParameter(pattern[i])) {
      if (pattern[i] != path[i]) return std::nullopt;
      continue;
    }
    if (path[i].empty()) return std::nullopt;
    parameters.emplace_back(pattern[i].substr(1, pattern[i].size() - 2),
                            net::PercentDecode(path[i]));
  }
  return parameters;
}

bool IsCompressible(std::string_view content_type) {
  return content_type.starts_with("text/") || content_type.starts_with(kJsonType) ||
         content_type.starts_with(kTraceColumnsType);
}

bool IsLoopback(const net::Request& request) {
  const bool is_forwarded = !net::FindHeader(request.headers, "x-forwarded-for").empty();
  return !is_forwarded && (request.peer.starts_with("127.") || request.peer.starts_with("[::1]"));
}

// Compressing 100 k spans of columns takes several times as long as loopback takes to carry them.
bool WorthCompressing(const net::Request& request, const net::Response& response) {
  if (response.body.size() < kMinCompressedBytes || response.status == 304) return false;
  const std::string_view content_type = net::FindHeader(response.headers, "content-type");
  if (!IsCompressible(content_type)) return false;
  return content_type != kTraceColumnsType || !IsLoopback(request);
}

void CompressIfWorth(const net::Request& request, net::Response* response) {
  const bool is_encoded = !net::FindHeader(response->headers, "content-encoding").empty();
  if (is_encoded || !WorthCompressing(request, *response)) return;
  response->headers.emplace_back("vary", "accept-encoding");
  if (!AcceptsGzip(net::FindHeader(request.headers, "accept-encoding"))) return;
  auto compressed = net::Compress("gzip", response->body);
  if (!compressed.ok()) return;
  response->body = std::move(*compressed);
  response->headers.emplace_back("content-encoding", "gzip");
}

base::Result<std::string> ReadBody(net::ServerCall& call) {
  base::ByteBudget::Reservation reservation;
  std::string body = call.TakeBody(&reservation);
  const std::string_view encoding = net::FindHeader(call.request().headers, "content-encoding");
  if (!encoding.empty()) {
    // An empty body comes without a reservation; what is made of it is small.
    return net::Decompress(encoding, body, kMaxRequestBodyBytes,
                           reservation.bytes() > 0 ? &reservation : nullptr);
  }
  if (body.size() > kMaxRequestBodyBytes) {
    return base::Status(base::StatusCode::kResourceExhausted, "the body is too large");
  }
  return body;
}

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const size_t comma = accept_encoding.find(',');
    std::string item;
    for (const char c : accept_encoding.substr(0, comma)) {
      if (c != ' ' && c != '\t') item += c;
    }
    item = ToLower(item);
    if (item == "gzip" || item.starts_with("gzip;")) {
      return item.find(";q=0") == std::string::npos ||
             item.find_first_of("123456789") != std::string::npos;
    }
    if (comma == std::string_view::npos) break;
    accept_encoding.remove_prefix(comma + 1);
  }
  return false;
}

Router::Router(base::WorkerPool& workers, base::MetricRegistry& metrics)
    : workers_(workers),
      busy_(metrics.AddCounter("spandrel_api_refused_requests_total",
                               "Requests to the query APIs that were not run, by reason.",
                               {{"reason", "busy"}})) {
  for (size_t i = 0; i < answers_.size(); ++i) {
    answers_[i] = &metrics.AddCounter("spandrel_api_requests_total",
                                      "Answers of the query APIs and the page, by status.",
                                      {{"status", i == 0 ? "other" : fmt::format("{}xx", i)}});
  }
}

void Router::Add(std::string_view method, std::string_view pattern, RouteHandler handler,
                 bool on_pool) {
  routes_.push_back({std::string(method), SplitPath(pattern), std::move(handler), on_pool});
}

void Router::operator()(const std::shared_ptr<net::ServerCall>& call) const {
  const net::Request& request = call->request();
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  const std::vector<std::string> path = SplitPath(request.path);
  std::string allowed_methods;
  for (const Route& route : routes_) {
    auto parameters = Match(route.segments, path);
    if (!parameters) continue;
    if (route.method == method) return Run(route, std::move(*parameters), call);
    if (!allowed_methods.empty()) allowed_methods += ", ";
    allowed_methods += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  AnswerUnrouted(allowed_methods, *call);
}

void Router::Run(const Route& route, net::Headers path_parameters,
                 const std::shared_ptr<net::ServerCall>& call) const {
  if (!route.on_pool) return Answer(route, std::move(path_parameters), *call);
  const bool submitted =
      workers_.TrySubmit([this, &route, path_parameters = std::move(path_parameters), call] {
        if (!call->cancelled()) Answer(route, path_parameters, *call);
      });
  if (submitted) return;
  busy_.Add();
  Send(*call, ErrorResponse(base::Status::Unavailable("too many queries wait already",
                                                      std::chrono::seconds(1))));
}

void Router::Answer(const Route& route, net::Headers path_parameters, net::ServerCall& call) const {
  const storage::QueryContext context({.deadline = std::chrono::steady_clock::now() + kQueryTimeout,
                                       .is_cancelled = [&call] { return call.cancelled(); }});
  RoutedRequest request{call.request(),
                        std::move(path_parameters),
                        Parameters(net::ParseQuery(call.request().query)),
                        {},
                        context};
  if (route.method == "POST") {
    auto body = ReadBody(call);
    if (!body.ok()) {
      const bool too_large = body.status().code() == base::StatusCode::kResourceExhausted;
      return Send(call, too_large ? ErrorResponse(413, body.status().message())
                                  : ErrorResponse(body.status()));
    }
    request.body = std::move(*body);
  }
  Send(call, route.handler(request));
}

void Router::AnswerUnrouted(const std::string& allowed_methods, net::ServerCall& call) const {
  const net::Request& request = call.request();
  if (!allowed_methods.empty()) {
    net::Response response = ErrorResponse(405, "method not allowed");
    response.headers.emplace_back("allow", allowed_methods);
    return Send(call, std::move(response));
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!fallback_ || !reads || request.path.starts_with("/api/")) {
    return Send(call, ErrorResponse(404, "no such path"));
  }
  const storage::QueryContext context;
  Send(call, fallback_({request, {}, Parameters(net::ParseQuery(request.query)), {}, context}));
}

void Router::Send(net::ServerCall& call, net::Response response) const {
  const net::Request& request = call.request();
  for (const auto& [name, value] : kSecurityHeaders) response.headers.emplace_back(name, value);
  if (net::FindHeader(response.headers, "cache-control").empty()) {
    response.headers.emplace_back("cache-control", "no-store");
  }
  CompressIfWorth(request, &response);
  const auto status_class = static_cast<size_t>(response.status / 100);
  answers_[status_class < answers_.size() ? status_class : 0]->Add();
  call.Respond(std::move(response));
}

}  // namespace spandrel::api
