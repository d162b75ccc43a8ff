// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "api/service.h"
#include "config/reference.h"
#include "endpoints/listener.h"
#include "exporters/store/trace_store.h"
#include "pipeline/component.h"

namespace spandrel::server {

// A port of the query service beside its own.
struct QueryPort {
  const char* key;  // in a configuration, in the ready file and in metrics
  uint16_t default_port;
  api::Door door;
};
inline constexpr std::array<QueryPort, 3> kQueryPorts = {{
    {"tempo", 3200, api::Door::kTempo},
    {"jaeger_grpc", 16685, api::Door::kJaegerGrpc},
    {"storage_grpc", 17271, api::Door::kStorageGrpc},
}};

struct QueryConfig : pipeline::ConfigBase {
  endpoints::HttpServerConfig http;
  // In the order of kQueryPorts; none: what is answered there is on `http` alone.
  std::array<std::optional<endpoints::HttpServerConfig>, kQueryPorts.size()> ports;
  // One of these, or neither: the only store there is.
  config::Reference store;
  exporters::OpenStore own_store;
  std::chrono::nanoseconds query_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds max_query_timeout = std::chrono::minutes(5);
  bool mcp = false;
  bool exact_names = false;

  std::vector<pipeline::ListenAddress> listens() const override;
  std::vector<pipeline::ExtensionUse> extension_uses() const override;

 private:
  std::vector<const endpoints::ListenerConfig*> listeners() const;
};

std::shared_ptr<const QueryConfig> DecodeQueryConfig(config::Decoder& decoder,
                                                     const exporters::DecodeStore& decode_store);

}  // namespace spandrel::server
