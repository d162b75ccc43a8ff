// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/decode.h"
#include "config/reference.h"
#include "endpoints/auth_config.h"
#include "net/exchange/server_limits.h"
#include "net/socket/endpoint.h"
#include "net/socket/tls.h"

// The blocks that everything with a listening socket shares. Keys as the OpenTelemetry
// Collector spells them; those that have no meaning here are accepted and do nothing, but what is
// said of security is enforced or an error.
namespace spandrel::endpoints {

// Cross-origin requests from pages (https://fetch.spec.whatwg.org/#http-cors-protocol).
struct CorsConfig {
  std::vector<std::string> allowed_origins;  // "https://*.example.com", "*"; empty: none
  std::vector<std::string> allowed_headers;  // beyond the content headers
  int64_t max_age_seconds = 0;
};

struct ListenerConfig {
  net::Endpoint endpoint;
  bool endpoint_is_default = true;  // nobody wrote it
  std::optional<net::ServerTls> tls;
  std::optional<AuthConfig> auth;          // none: everybody may ask
  std::vector<std::string> allowed_hosts;  // `Host`s that are answered; empty: see Gate
  CorsConfig cors;                         // of HTTP alone
  bool include_metadata = false;  // keep the headers of requests as metadata of their batches

  bool is_encrypted() const { return tls.has_value(); }
  // Whether somebody is asked who they are; certificates of clients tell too.
  bool asks_login() const {
    return auth.has_value() || (tls.has_value() && !tls->client_ca_file.empty());
  }
  // The extension that lets in; no id without one.
  config::Reference authenticator() const {
    return auth ? auth->authenticator : config::Reference();
  }
};

struct GrpcServerConfig {
  ListenerConfig listener;
  size_t max_message_bytes = 64 << 20;  // `max_recv_msg_size_mib`; also after decompression
  size_t max_concurrent_streams = 100;
};

struct HttpServerConfig {
  ListenerConfig listener;
  size_t max_body_bytes = 64 << 20;  // `max_request_body_size`; also after decompression
  std::chrono::nanoseconds read_header_timeout{0};  // 0: net's default
  std::chrono::nanoseconds idle_timeout{0};         // 0: net's default
};

// What is said of security beside an address: `tls`, `auth`, `allowed_hosts`. Files are read, so
// that what cannot be used is an error with its place.
void DecodeSecurity(config::Decoder& decoder, ListenerConfig* listener);

// Each reads the mapping that `decoder` stands on; its problems go to `decoder`. The caller may
// read keys of its own from the same decoder before or after.
GrpcServerConfig DecodeGrpcServer(config::Decoder& decoder, net::Endpoint default_endpoint);
HttpServerConfig DecodeHttpServer(config::Decoder& decoder, net::Endpoint default_endpoint,
                                  size_t default_max_body_bytes = 64 << 20);

// What net is told of the limits; those that are not there are net's own.
net::ServerLimits LimitsOf(const GrpcServerConfig& config);
net::ServerLimits LimitsOf(const HttpServerConfig& config);

}  // namespace spandrel::endpoints
