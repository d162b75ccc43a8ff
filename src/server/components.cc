// SPDX-License-Identifier: Apache-2.0
#include "server/components.h"

#include "connectors/factories.h"
#include "exporters/factories.h"
#include "extensions/factories.h"
#include "processors/factories.h"
#include "receivers/factories.h"
#include "server/query_extension.h"

namespace spandrel::server {
namespace {

columnar::Durability ToEngine(exporters::Durability durability) {
  switch (durability) {
    case exporters::Durability::kOs:
      return columnar::Durability::kOs;
    case exporters::Durability::kMemory:
      return columnar::Durability::kMemory;
    default:
      return columnar::Durability::kFsync;
  }
}

columnar::PolicyOptions ToEngine(const exporters::PolicyConfig& config) {
  columnar::PolicyOptions options;
  options.keep_whole_for = std::chrono::duration_cast<std::chrono::seconds>(config.keep_whole_for);
  options.keep_errors = config.keep_errors;
  options.keep_slower_than = config.keep_slower_than;
  for (const auto& [key, value] : config.keep_matching) {
    options.keep_matching.push_back({key, value});
  }
  options.keep_per_shape_and_hour = config.keep_per_shape_and_hour;
  options.keep_one_in = config.keep_one_in;
  return options;
}

columnar::EngineOptions ToEngine(const exporters::StoreExporterConfig& config) {
  columnar::EngineOptions options;
  options.directory = config.directory;
  options.durability = ToEngine(config.durability);
  options.max_age = std::chrono::duration_cast<std::chrono::seconds>(config.retention.max_age);
  options.max_bytes = config.retention.max_bytes;
  options.min_free_bytes = config.retention.min_free_bytes;
  options.policy = ToEngine(config.retention.policy);
  return options;
}

exporters::OpenStore OpenColumnar(Stores& stores) {
  return [&stores](const exporters::StoreExporterConfig& config)
             -> base::Result<std::shared_ptr<storage::Writer>> {
    auto store = stores.Open(ToEngine(config));
    if (!store.ok()) return store.status();
    return std::shared_ptr<storage::Writer>(store->engine);
  };
}

}  // namespace

pipeline::Factories MakeFactories(net::IoRuntime& runtime, Stores& stores, Addresses& addresses,
                                  ReloadRequests& reload_requests) {
  const auto on_listening = [&addresses](std::string_view protocol, const net::Endpoint& endpoint) {
    addresses.Set("otlp_" + std::string(protocol), endpoint);
  };
  pipeline::Factories factories;
  factories.receivers = {receivers::MakeOtlpReceiverFactory(runtime, on_listening),
                         receivers::MakeNopReceiverFactory()};
  factories.processors = {processors::MakeBatchProcessorFactory(),
                          processors::MakeAttributesProcessorFactory(),
                          processors::MakeResourceProcessorFactory()};
  factories.exporters = {exporters::MakeStoreExporterFactory(OpenColumnar(stores)),
                         exporters::MakeOtlpGrpcExporterFactory(runtime),
                         exporters::MakeOtlpHttpExporterFactory(runtime),
                         exporters::MakeJaegerExporterFactory(runtime),
                         exporters::MakeDebugExporterFactory(),
                         exporters::MakeNopExporterFactory()};
  factories.connectors = {connectors::MakeForwardConnectorFactory()};
  factories.extensions = {MakeQueryExtensionFactory(runtime, stores, addresses, reload_requests),
                          extensions::MakeBasicAuthFactory(),
                          extensions::MakeBearerTokenAuthFactory()};
  return factories;
}

}  // namespace spandrel::server
