// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "config/decode.h"
#include "config/reference.h"
#include "net/grpc/grpc_channel.h"
#include "net/peer/client.h"
#include "net/socket/tls.h"

// The blocks that every exporter to a network shares. Keys as the OpenTelemetry Collector spells
// them; those that have no meaning here are accepted and do nothing. Problems go to `decoder`.
namespace spandrel::endpoints {

// Where an exporter over gRPC sends.
struct GrpcClientConfig {
  net::GrpcChannelOptions channel;
  config::Reference authenticator;  // a ClientAuthenticator
};

// `endpoint` (required, HOST:PORT; `http://` means plaintext, `https://` TLS), `tls`,
// `compression`, `headers`, `auth`, `authority`, `user_agent` and what else a gRPC client has.
GrpcClientConfig DecodeGrpcClient(config::Decoder& decoder, std::string_view default_compression);

// Where an exporter over HTTP sends.
struct HttpClientConfig {
  net::HttpClientOptions client;
  std::string authority;    // for Host
  std::string path;         // of the URL, without a trailing slash: "" or "/otlp"
  std::string compression;  // "", gzip, zstd, deflate
  net::Headers headers;
  config::Reference authenticator;  // a ClientAuthenticator
};

// `url_key` names the key that holds the URL; it is required.
HttpClientConfig DecodeHttpClient(config::Decoder& decoder, std::string_view url_key,
                                  std::string_view default_compression);

// Only the URL of another key: where the same client sends something else.
void DecodeHttpUrl(config::Decoder& decoder, std::string_view url_key, HttpClientConfig* config);

}  // namespace spandrel::endpoints
