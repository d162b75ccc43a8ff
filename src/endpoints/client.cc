// SPDX-License-Identifier: Apache-2.0
#include "endpoints/client.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/ascii.h"
#include "endpoints/auth_config.h"
#include "endpoints/host_names.h"
#include "endpoints/http_url.h"
#include "endpoints/tls_settings.h"

namespace spandrel::endpoints {
namespace {

using config::Decoder;

bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

net::ClientTls DecodeTls(Decoder& decoder) {
  Decoder block = decoder.Child("tls");
  net::ClientTls tls;
  block.Read("insecure", &tls.insecure);
  block.Read("insecure_skip_verify", &tls.insecure_skip_verify);
  block.Read("server_name_override", &tls.server_name_override);
  net::Pem authorities = DecodeAuthorities(block, "ca_file", "ca_pem");
  OwnCertificate own = DecodeOwnCertificate(block);
  if (own.certificate.is_set() != own.key.is_set()) {
    block.Error("", "'cert_file' and 'key_file' go together");
  }
  tls.ca_file = std::move(authorities.file);
  tls.ca_pem = std::move(authorities.text);
  tls.cert_file = std::move(own.certificate.file);
  tls.cert_pem = std::move(own.certificate.text);
  tls.key_file = std::move(own.key.file);
  tls.key_pem = std::move(own.key.text);
  tls.settings = DecodeTlsSettings(block);
  block.Read("include_system_ca_certs_pool", &tls.system_roots_too);
  tls.reload_interval = DecodeInterval(block, "reload_interval");
  return tls;
}

// "" for none. Anything but `known` is an error.
std::string DecodeCompression(Decoder& decoder, std::string_view default_compression,
                              std::initializer_list<std::string_view> known) {
  std::string compression(default_compression);
  decoder.Read("compression", &compression);
  if (compression.empty() || compression == "none") return "";
  if (std::find(known.begin(), known.end(), compression) != known.end()) return compression;
  std::string choices;
  for (const std::string_view one : known) choices += fmt::format("{}, ", one);
  decoder.Error("compression",
                fmt::format("'{}' is not supported; use {}or none", compression, choices));
  return "";
}

net::Headers DecodeHeaders(Decoder& decoder) {
  net::Headers headers;
  decoder.Read("headers", &headers);
  for (auto& [name, value] : headers) name = base::LowerCase(name);
  return headers;
}

void IgnoreTransportKeys(Decoder& decoder, std::initializer_list<const char*> keys) {
  for (const char* key : keys) decoder.Ignore(key);
  decoder.Ignore("middlewares", "middlewares are not supported");
}

// A login that anybody on the way can read is as good as none; the Collector refuses it over gRPC.
config::Reference DecodeLogin(Decoder& decoder, const net::ClientTls& tls,
                              const net::Endpoint& peer) {
  config::Reference authenticator = DecodeClientAuth(decoder);
  if (!authenticator.id.empty() && tls.insecure && !IsLoopbackName(peer.host)) {
    decoder.Warn("auth", "the login goes through the network in plain text; use TLS");
  }
  return authenticator;
}

// `rest` is HOST:PORT; problems go to `key`.
net::Endpoint DecodeAddress(Decoder& decoder, std::string_view key, std::string_view rest) {
  auto endpoint = net::ParseEndpoint(rest);
  if (!endpoint.ok()) {
    decoder.Error(key, endpoint.status().message());
    return {};
  }
  if (endpoint->host.empty() || endpoint->port == 0) {
    decoder.Error(key, fmt::format("'{}' does not name a host and a port to connect to", rest));
  }
  return std::move(*endpoint);
}

}  // namespace

GrpcClientConfig DecodeGrpcClient(Decoder& decoder, std::string_view default_compression) {
  net::GrpcChannelOptions options;
  options.tls = DecodeTls(decoder);
  std::string text;
  decoder.Read("endpoint", &text);
  std::string_view rest = text;
  if (TakePrefix(&rest, "http://")) {
    options.tls.insecure = true;
  } else if (TakePrefix(&rest, "https://")) {
    options.tls.insecure = false;
  } else {
    TakePrefix(&rest, "dns:///");
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty()) {
    decoder.Error("endpoint", "'endpoint' is required, as HOST:PORT");
  } else if (rest.starts_with("unix:")) {
    decoder.Error("endpoint", "unix sockets are not supported; use HOST:PORT");
  } else {
    options.endpoint = DecodeAddress(decoder, "endpoint", rest);
  }
  options.compression = DecodeCompression(decoder, default_compression, {"gzip", "zstd"});
  options.headers = DecodeHeaders(decoder);
  decoder.Read("authority", &options.authority);
  decoder.Read("user_agent", &options.user_agent);
  IgnoreTransportKeys(decoder, {"keepalive", "read_buffer_size", "write_buffer_size",
                                "wait_for_ready", "balancer_name"});
  config::Reference authenticator = DecodeLogin(decoder, options.tls, options.endpoint);
  return {std::move(options), std::move(authenticator)};
}

void DecodeHttpUrl(Decoder& decoder, std::string_view url_key, HttpClientConfig* config) {
  std::string url;
  decoder.Read(url_key, &url);
  if (url.empty()) {
    return decoder.Error(url_key, fmt::format("'{}' is required, as a URL", url_key));
  }
  auto parsed = ParseHttpUrl(url);
  if (!parsed.ok()) return decoder.Error(url_key, parsed.status().message());
  config->client.tls.insecure = parsed->plaintext;
  config->client.endpoint = std::move(parsed->endpoint);
  config->authority = std::move(parsed->authority);
  config->path = std::move(parsed->target);
  while (config->path.ends_with('/')) config->path.pop_back();
}

HttpClientConfig DecodeHttpClient(Decoder& decoder, std::string_view url_key,
                                  std::string_view default_compression) {
  HttpClientConfig config;
  config.client.tls = DecodeTls(decoder);
  DecodeHttpUrl(decoder, url_key, &config);
  config.compression = DecodeCompression(decoder, default_compression, {"gzip", "zstd", "deflate"});
  config.headers = DecodeHeaders(decoder);
  config.authenticator = DecodeLogin(decoder, config.client.tls, config.client.endpoint);
  IgnoreTransportKeys(decoder, {"read_buffer_size", "write_buffer_size", "compression_params",
                                "max_idle_conns", "max_idle_conns_per_host", "max_conns_per_host",
                                "idle_conn_timeout", "disable_keep_alives", "force_attempt_http2",
                                "http2_read_idle_timeout", "http2_ping_timeout"});
  RejectKey(decoder, "proxy_url", "connect to the peer directly");
  decoder.Ignore("cookies", "cookies are not kept");
  return config;
}

}  // namespace spandrel::endpoints
