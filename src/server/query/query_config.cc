// SPDX-License-Identifier: Apache-2.0
#include "server/query/query_config.h"

#include "endpoints/authenticator.h"
#include "exporters/store/config.h"
#include "pipeline/extensions.h"

namespace spandrel::server {
namespace {

constexpr size_t kMaxRequestBytes = 64 << 20;  // a file of traces that the page of Jaeger shows
constexpr uint16_t kDefaultPort = 16686;

void CheckTimeouts(const QueryConfig& config, config::Decoder& decoder) {
  if (config.query_timeout.count() <= 0) {
    decoder.Error("query_timeout", "'query_timeout' must be more than 0");
  }
  if (config.max_query_timeout < config.query_timeout) {
    decoder.Error("max_query_timeout", "'max_query_timeout' is less than 'query_timeout'");
  }
}

}  // namespace

std::vector<const endpoints::ListenerConfig*> QueryConfig::listeners() const {
  std::vector<const endpoints::ListenerConfig*> all = {&http.listener};
  for (const auto& port : ports) {
    if (port) all.push_back(&port->listener);
  }
  return all;
}

std::vector<pipeline::ListenAddress> QueryConfig::listens() const {
  std::vector<pipeline::ListenAddress> all;
  for (const endpoints::ListenerConfig* on : listeners()) {
    all.push_back(
        {on->endpoint.host, on->endpoint.port, "tcp", on->is_encrypted(), on->asks_login()});
  }
  return all;
}

std::vector<pipeline::ExtensionUse> QueryConfig::extension_uses() const {
  std::vector<pipeline::ExtensionUse> uses;
  for (const endpoints::ListenerConfig* on : listeners()) {
    const config::Reference login = on->authenticator();
    if (!login.id.empty()) uses.push_back(pipeline::UseAs<endpoints::ServerAuthenticator>(login));
  }
  if (!store.id.empty()) uses.push_back(pipeline::UseAs<exporters::TraceStoreExtension>(store));
  return uses;
}

std::shared_ptr<const QueryConfig> DecodeQueryConfig(config::Decoder& decoder,
                                                     const exporters::DecodeStore& decode_store) {
  auto config = std::make_shared<QueryConfig>();
  config->http =
      endpoints::DecodeHttpServer(decoder, {"localhost", kDefaultPort}, kMaxRequestBytes);
  for (size_t i = 0; i < kQueryPorts.size(); ++i) {
    const QueryPort& port = kQueryPorts[i];
    if (!decoder.Has(port.key)) continue;
    config::Decoder child = decoder.Child(port.key);
    config->ports[i] =
        endpoints::DecodeHttpServer(child, {"localhost", port.default_port}, kMaxRequestBytes);
  }
  config->store = exporters::ReadStoreName(decoder);
  if (config->store.id.empty() && decoder.Has("directory")) {
    config->own_store = decode_store(decoder);
  }
  decoder.Read("mcp", &config->mcp);
  decoder.Read("exact_names", &config->exact_names);
  decoder.Read("query_timeout", &config->query_timeout);
  decoder.Read("max_query_timeout", &config->max_query_timeout);
  CheckTimeouts(*config, decoder);
  return config;
}

}  // namespace spandrel::server
