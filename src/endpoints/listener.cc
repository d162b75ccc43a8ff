// SPDX-License-Identifier: Apache-2.0
#include "endpoints/listener.h"

#include <fmt/core.h>

#include <utility>

#include "endpoints/tls_settings.h"

namespace spandrel::endpoints {
namespace {

using config::Decoder;

constexpr int64_t kMaxRequestBytes = int64_t{4096} << 20;
constexpr size_t kGrpcFrameHeader = 5;
constexpr std::chrono::seconds kClientCaReloadInterval{10};

std::optional<net::ServerTls> DecodeTls(Decoder& decoder) {
  const bool written = decoder.Has("tls");
  Decoder block = decoder.Child("tls");
  net::ServerTls tls;
  OwnCertificate own = DecodeOwnCertificate(block);
  tls.client_ca_file = DecodeAuthorities(block, "client_ca_file", {}).file;
  tls.settings = DecodeTlsSettings(block);
  tls.reload_interval = DecodeInterval(block, "reload_interval");
  bool reload_client_ca = false;
  block.Read("client_ca_file_reload", &reload_client_ca);
  if (reload_client_ca && tls.reload_interval.count() == 0) {
    tls.reload_interval = kClientCaReloadInterval;
  }
  for (const auto* key : {"ca_file", "ca_pem", "include_system_ca_certs_pool"}) {
    RejectKey(block, key, "clients are checked by 'client_ca_file'");
  }
  if (!written) return std::nullopt;
  if (!own.certificate.is_set()) block.Error("cert_file", "a TLS server needs 'cert_file'");
  if (!own.key.is_set()) block.Error("key_file", "a TLS server needs 'key_file'");
  tls.cert_file = std::move(own.certificate.file);
  tls.cert_pem = std::move(own.certificate.text);
  tls.key_file = std::move(own.key.file);
  tls.key_pem = std::move(own.key.text);
  return tls;
}

}  // namespace

void DecodeSecurity(Decoder& decoder, ListenerConfig* listener) {
  listener->tls = DecodeTls(decoder);
  listener->auth = DecodeAuth(decoder);
  decoder.Read("allowed_hosts", &listener->allowed_hosts);
}

namespace {

ListenerConfig DecodeListener(Decoder& decoder, net::Endpoint default_endpoint) {
  ListenerConfig listener;
  listener.endpoint = std::move(default_endpoint);
  std::string text;
  decoder.Read("endpoint", &text);
  if (!text.empty()) {
    listener.endpoint_is_default = false;
    auto parsed = net::ParseEndpoint(text);
    if (parsed.ok()) {
      listener.endpoint = std::move(*parsed);
    } else {
      decoder.Error("endpoint", parsed.status().message());
    }
  }
  std::string transport = "tcp";
  decoder.Read("transport", &transport);
  if (transport != "tcp" && transport != "tcp4" && transport != "tcp6") {
    decoder.Error("transport", fmt::format("'{}' is not supported; use tcp", transport));
  }
  DecodeSecurity(decoder, &listener);
  decoder.Read("include_metadata", &listener.include_metadata);
  decoder.Ignore("middlewares", "middlewares are not supported");
  decoder.Ignore("keepalive", "net's own limits hold");
  return listener;
}

// A size in the range that a request can have, or the default and an error.
size_t ReadSize(Decoder& decoder, std::string_view key, int64_t unit, size_t default_bytes) {
  int64_t value = 0;
  decoder.Read(key, &value);
  if (value == 0) return default_bytes;
  if (value < 0 || value >= kMaxRequestBytes / unit) {
    decoder.Error(key,
                  fmt::format("{} is out of range; 1 to {}", value, kMaxRequestBytes / unit - 1));
    return default_bytes;
  }
  return static_cast<size_t>(value * unit);
}

CorsConfig DecodeCors(Decoder& decoder) {
  Decoder block = decoder.Child("cors");
  CorsConfig cors;
  block.Read("allowed_origins", &cors.allowed_origins);
  block.Read("allowed_headers", &cors.allowed_headers);
  block.Read("max_age", &cors.max_age_seconds);
  block.Ignore("exposed_headers", "responses carry no headers worth exposing");
  return cors;
}

}  // namespace

GrpcServerConfig DecodeGrpcServer(Decoder& decoder, net::Endpoint default_endpoint) {
  GrpcServerConfig config;
  config.listener = DecodeListener(decoder, std::move(default_endpoint));
  config.max_message_bytes =
      ReadSize(decoder, "max_recv_msg_size_mib", 1 << 20, config.max_message_bytes);
  int64_t streams = 0;
  decoder.Read("max_concurrent_streams", &streams);
  if (streams < 0 || streams > 1'000'000) {
    decoder.Error("max_concurrent_streams",
                  fmt::format("{} is out of range; 1 to 1000000", streams));
  } else if (streams > 0) {
    config.max_concurrent_streams = static_cast<size_t>(streams);
  }
  decoder.Ignore("read_buffer_size");
  decoder.Ignore("write_buffer_size");
  return config;
}

HttpServerConfig DecodeHttpServer(Decoder& decoder, net::Endpoint default_endpoint,
                                  size_t default_max_body_bytes) {
  HttpServerConfig config;
  config.max_body_bytes = default_max_body_bytes;
  config.listener = DecodeListener(decoder, std::move(default_endpoint));
  config.max_body_bytes = ReadSize(decoder, "max_request_body_size", 1, config.max_body_bytes);
  config.read_header_timeout = DecodeInterval(decoder, "read_header_timeout");
  config.idle_timeout = DecodeInterval(decoder, "idle_timeout");
  config.listener.cors = DecodeCors(decoder);
  for (const auto* key : {"read_timeout", "write_timeout", "keep_alives_enabled"}) {
    decoder.Ignore(key, "net's own limits hold");
  }
  decoder.Ignore("response_headers", "extra response headers are not supported");
  return config;
}

net::ServerLimits LimitsOf(const GrpcServerConfig& config) {
  net::ServerLimits limits;
  limits.max_body_bytes = config.max_message_bytes + kGrpcFrameHeader;
  limits.max_concurrent_streams = config.max_concurrent_streams;
  return limits;
}

net::ServerLimits LimitsOf(const HttpServerConfig& config) {
  using std::chrono::milliseconds;
  net::ServerLimits limits;
  limits.max_body_bytes = config.max_body_bytes;
  if (config.read_header_timeout.count() > 0) {
    limits.header_timeout = std::chrono::ceil<milliseconds>(config.read_header_timeout);
  }
  if (config.idle_timeout.count() > 0) {
    limits.idle_timeout = std::chrono::ceil<milliseconds>(config.idle_timeout);
  }
  return limits;
}

}  // namespace spandrel::endpoints
