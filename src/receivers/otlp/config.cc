// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/config.h"

#include <fmt/format.h>

#include "endpoints/authenticator.h"
#include "pipeline/extensions.h"
#include "signal/signal.h"

namespace spandrel::receivers {
namespace {

// A protocol is on when its key is written, also as null, unless it says `enabled: false`.
bool IsEnabled(config::Decoder& protocol, bool written) {
  bool enabled = written;
  protocol.Read("enabled", &enabled);
  return enabled;
}

pipeline::ListenAddress AddressOf(const endpoints::ListenerConfig& listener) {
  return {listener.endpoint.host, listener.endpoint.port, "tcp", listener.is_encrypted(),
          listener.asks_login()};
}

void ReadUrlPaths(config::Decoder& http, OtlpReceiverConfig* config) {
  for (const signal::Signal signal : signal::kAllSignals) {
    std::string& path = config->url_paths[static_cast<size_t>(signal)];
    http.Read(fmt::format("{}_url_path", signal::SignalName(signal)), &path);
    if (path.empty() || path.front() != '/') path.insert(0, "/");
  }
  http.Ignore("profiles_url_path");
}

}  // namespace

std::vector<pipeline::ListenAddress> OtlpReceiverConfig::listens() const {
  std::vector<pipeline::ListenAddress> addresses;
  if (grpc) addresses.push_back(AddressOf(grpc->listener));
  if (http) addresses.push_back(AddressOf(http->listener));
  return addresses;
}

std::vector<pipeline::ExtensionUse> OtlpReceiverConfig::extension_uses() const {
  std::vector<pipeline::ExtensionUse> uses;
  const auto add = [&uses](const endpoints::ListenerConfig& listener) {
    const config::Reference name = listener.authenticator();
    if (name.id.empty()) return;
    uses.push_back(pipeline::UseAs<endpoints::ServerAuthenticator>(name));
  };
  if (grpc) add(grpc->listener);
  if (http) add(http->listener);
  return uses;
}

std::shared_ptr<const OtlpReceiverConfig> DecodeOtlpReceiverConfig(config::Decoder& decoder) {
  auto config = std::make_shared<OtlpReceiverConfig>();
  config::Decoder protocols = decoder.Child("protocols");
  {
    const bool written = protocols.Has("grpc");
    config::Decoder grpc = protocols.Child("grpc");
    const bool enabled = IsEnabled(grpc, written);
    auto server = endpoints::DecodeGrpcServer(grpc, {"localhost", 4317});
    if (enabled) config->grpc = std::move(server);
  }
  {
    const bool written = protocols.Has("http");
    config::Decoder http = protocols.Child("http");
    const bool enabled = IsEnabled(http, written);
    auto server = endpoints::DecodeHttpServer(http, {"localhost", 4318});
    ReadUrlPaths(http, config.get());
    http.Read("compression_algorithms", &config->codings);
    if (enabled) config->http = std::move(server);
  }
  config->limits = DecodeTenantLimits(decoder);
  if (!config->grpc && !config->http) {
    protocols.Error("", "an otlp receiver needs 'protocols' with 'grpc:', 'http:' or both");
  }
  return config;
}

}  // namespace spandrel::receivers
