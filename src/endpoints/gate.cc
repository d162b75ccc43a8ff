// SPDX-License-Identifier: Apache-2.0
#include "endpoints/gate.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "endpoints/cors.h"
#include "net/http/grpc_shape.h"
#include "net/http/text_response.h"

namespace spandrel::endpoints {
namespace {

using base::StatusCode;

base::Counter& RefusedCounter(base::MetricRegistry& metrics, const std::string& server,
                              const std::string& reason) {
  return metrics.AddCounter("spandrel_endpoint_refused_requests_total",
                            {{"server", server}, {"reason", reason}});
}

LocalNames LocalNamesOf(const ListenerConfig& listener, DefaultHosts default_hosts) {
  const bool wants_names = default_hosts != DefaultHosts::kAny || !listener.allowed_hosts.empty();
  if (!wants_names || !IsLoopbackName(listener.endpoint.host)) return LocalNames::kNone;
  return default_hosts == DefaultHosts::kUndotted ? LocalNames::kUndotted : LocalNames::kOwn;
}

}  // namespace

base::Result<std::shared_ptr<const Gate>> Gate::Make(
    const ListenerConfig& listener, DefaultHosts default_hosts, const std::string& server,
    base::MetricRegistry& metrics, std::shared_ptr<ServerAuthenticator> extension) {
  std::shared_ptr<ServerAuthenticator> authenticator = std::move(extension);
  const config::Reference named = listener.authenticator();
  if (!named.id.empty() && authenticator == nullptr) {
    return base::Status(StatusCode::kInternal,
                        fmt::format("{}: nobody looked up '{}'", named.where.ToString(), named.id));
  }
  if (listener.auth && authenticator == nullptr) {
    auto made = MakeAuthenticator(*listener.auth);
    if (!made.ok()) return made.status();
    authenticator = *std::move(made);
  }
  return std::shared_ptr<const Gate>(
      new Gate(listener, default_hosts, std::move(authenticator), server, metrics));
}

Gate::Gate(const ListenerConfig& listener, DefaultHosts default_hosts,
           std::shared_ptr<ServerAuthenticator> authenticator, const std::string& server,
           base::MetricRegistry& metrics)
    : hosts_(listener.allowed_hosts, LocalNamesOf(listener, default_hosts)),
      checks_origin_(default_hosts != DefaultHosts::kAny),
      allowed_origins_(listener.cors.allowed_origins),
      authenticator_(std::move(authenticator)),
      wrong_host_(RefusedCounter(metrics, server, "host")),
      wrong_origin_(RefusedCounter(metrics, server, "origin")),
      no_login_(RefusedCounter(metrics, server, "unauthenticated")),
      no_role_(RefusedCounter(metrics, server, "role")),
      login_busy_(RefusedCounter(metrics, server, "login_busy")),
      login_pace_(RefusedCounter(metrics, server, "login_pace")) {}

std::optional<GateRefusal> Gate::CheckHost(const net::Request& request) const {
  if (hosts_.Allows(request.authority)) return std::nullopt;
  wrong_host_.Add();
  return GateRefusal{
      421,
      {StatusCode::kPermissionDenied,
       fmt::format("this server is not '{}'; 'allowed_hosts' says what it may be called",
                   HostOf(request.authority))},
      {}};
}

std::optional<GateRefusal> Gate::CheckOrigin(const net::Request& request) const {
  if (!checks_origin_ || MayComeFromItsPage(allowed_origins_, hosts_, request)) {
    return std::nullopt;
  }
  if (request.http2 && net::IsGrpc(request)) return std::nullopt;
  wrong_origin_.Add();
  return GateRefusal{
      403,
      {StatusCode::kPermissionDenied,
       "pages of other sites may not change anything here; 'cors::allowed_origins' says which may"},
      {}};
}

std::optional<GateRefusal> Gate::Authenticate(const net::Request& request, Role role,
                                              Identity* identity) const {
  return AuthenticateHeaders(request.headers, role, identity);
}

std::optional<GateRefusal> Gate::AuthenticateHeaders(const net::Headers& headers, Role role,
                                                     Identity* identity) const {
  if (authenticator_ == nullptr) return std::nullopt;
  auto known = authenticator_->Authenticate(headers);
  if (known.ok()) {
    *identity = *std::move(known);
    if (identity->access.Has(role)) return std::nullopt;
    no_role_.Add();
    return GateRefusal{
        403,
        {StatusCode::kPermissionDenied, fmt::format("this login may not {}", RoleName(role))},
        {}};
  }
  if (const auto delay = known.status().retry_after()) {
    const bool were_wrong = known.status().code() == StatusCode::kResourceExhausted;
    (were_wrong ? login_pace_ : login_busy_).Add();
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*delay).count();
    return GateRefusal{
        were_wrong ? 429 : 503, known.status(), {{"retry-after", std::to_string(seconds)}}};
  }
  no_login_.Add();
  return GateRefusal{401, known.status(), {{"www-authenticate", authenticator_->Challenge()}}};
}

net::Response ResponseOf(const net::Request& request, const GateRefusal& refusal) {
  if (request.http2 && net::IsGrpc(request)) return net::GrpcStatusResponse(refusal.status);
  net::Response response = net::TextResponse(refusal.http_status, refusal.status.message());
  response.headers.insert(response.headers.end(), refusal.headers.begin(), refusal.headers.end());
  return response;
}

net::Handler Guarded(std::shared_ptr<const Gate> gate, Role role, net::Handler next) {
  if (gate->lets_all_pass()) return next;
  return [gate = std::move(gate), role,
          next = std::move(next)](std::shared_ptr<net::ServerCall> call) {
    const net::Request& request = call->request();
    auto refusal = gate->CheckHost(request);
    if (!refusal) refusal = gate->CheckOrigin(request);
    Identity identity;
    if (!refusal && !IsPreflight(request)) refusal = gate->Authenticate(request, role, &identity);
    if (refusal) return call->Respond(ResponseOf(request, *refusal));
    call->set_identity(std::move(identity.name));
    call->set_tenants(std::move(identity.access.tenants));
    next(std::move(call));
  };
}

}  // namespace spandrel::endpoints
