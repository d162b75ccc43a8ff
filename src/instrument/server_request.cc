// SPDX-License-Identifier: Apache-2.0
#include "instrument/server_request.h"

#include <algorithm>
#include <string>

namespace spandrel::instrument {
namespace {

std::string_view Header(const http::Carrier& headers, const char* name) {
  const nostd::string_view value = headers.Get(name);
  return {value.data(), value.size()};
}

// What proxies in front of the server have told about the client and the original request.
struct Origin {
  std::string_view client;
  std::string_view host;
  std::string_view scheme;
};

Origin FindForwarded(const http::Carrier& headers) {
  const std::string_view forwarded = Header(headers, "forwarded");
  Origin origin{ForwardedParameter(forwarded, "for"), ForwardedParameter(forwarded, "host"),
                ForwardedParameter(forwarded, "proto")};
  const auto fill = [&headers](std::string_view& value, const char* name) {
    if (value.empty()) value = FirstElement(Header(headers, name));
  };
  fill(origin.client, "x-forwarded-for");
  fill(origin.host, "x-forwarded-host");
  fill(origin.scheme, "x-forwarded-proto");
  if (DefaultPort(origin.scheme) == 0) origin.scheme = {};
  return origin;
}

Origin FindOrigin(const State& state, const http::ServerRequest& request,
                  const http::Carrier& headers) {
  Origin origin;
  if (state.options.trust_forwarded) origin = FindForwarded(headers);
  const RequestTarget target = ParseTarget(request.target);
  if (origin.client.empty()) origin.client = request.peer_address;
  if (origin.host.empty()) origin.host = target.authority;
  if (origin.host.empty()) origin.host = Header(headers, "host");
  if (origin.scheme.empty() && DefaultPort(target.scheme) != 0) origin.scheme = target.scheme;
  if (origin.scheme.empty()) origin.scheme = request.scheme;
  return origin;
}

// An address may have a port after it; that of a bare IPv6 address has not.
std::string_view WithoutPort(std::string_view client) {
  const bool bare_ipv6 =
      !client.empty() && client[0] != '[' && client.find(':') != client.rfind(':');
  return bare_ipv6 ? client : ParseHostPort(client, 0).host;
}

void WriteUrl(const State& state, const http::ServerRequest& request, AttributeSink& sink) {
  if (request.method == "CONNECT") return;  // its target is a host and a port
  const RequestTarget target = ParseTarget(request.target);
  sink.AddText("url.path", target.path);
  std::string buffer;
  sink.AddText("url.query", state.redaction.Query(target.query, buffer));
}

void WriteServer(const State& state, const Origin& origin, AttributeSink& sink) {
  const HostPort server = state.server.host.empty()
                              ? ParseHostPort(origin.host, DefaultPort(origin.scheme))
                              : state.server;
  sink.AddText("server.address", server.host);
  sink.AddPort("server.port", server.host.empty() ? 0 : server.port);
}

}  // namespace

void WriteServerRequest(const State& state, const http::ServerRequest& request,
                        const http::Carrier& headers, AttributeSink& sink) {
  const std::string_view method = state.methods.Find(request.method);
  sink.AddText("http.request.method", method.empty() ? "_OTHER" : method);
  if (method.empty()) sink.AddText("http.request.method_original", request.method);
  WriteUrl(state, request, sink);
  const Origin origin = FindOrigin(state, request, headers);
  sink.AddText("url.scheme", origin.scheme);
  WriteServer(state, origin, sink);
  sink.AddText("client.address", WithoutPort(origin.client));
  sink.AddText("network.peer.address", request.peer_address);
  sink.AddPort("network.peer.port", request.peer_address.empty() ? 0 : request.peer_port);
  sink.AddText("network.protocol.version", request.protocol_version);
  sink.AddText("user_agent.original", Header(headers, "user-agent"));
  sink.AddText("http.route", request.route);
  WriteHeaders(state.server_request_headers, headers, sink);
  for (const auto& [key, value] : state.options.attributes) sink.AddText(View(key), value);
}

std::string_view OriginalScheme(const State& state, const http::ServerRequest& request,
                                const http::Carrier& headers) {
  return IsHttps(FindOrigin(state, request, headers).scheme) ? "https" : "http";
}

}  // namespace spandrel::instrument
