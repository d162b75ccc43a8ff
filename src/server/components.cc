// SPDX-License-Identifier: Apache-2.0
#include "server/components.h"

#include "columnar/engine_factory.h"
#include "connectors/factories.h"
#include "exporters/factories.h"
#include "extensions/factories.h"
#include "processors/factories.h"
#include "receivers/factories.h"
#include "server/process/own_metrics.h"
#include "server/query/query_extension.h"
#include "server/store/store_extension.h"

namespace spandrel::server {

pipeline::Factories MakeFactories(net::IoRuntime& runtime, Stores& stores, MemoryShares& memory,
                                  base::IntakeGate& intake, Addresses& addresses,
                                  ReloadRequests& reload_requests) {
  const auto on_listening = [&addresses](std::string_view protocol, const net::Endpoint& endpoint) {
    addresses.Set("otlp_" + std::string(protocol), endpoint);
  };
  const auto tenants_on = [&stores] { return stores.any_by_tenant(); };
  const Engine& engine = columnar::EngineOfStores();
  pipeline::Factories factories;
  factories.receivers = {
      receivers::MakeOtlpReceiverFactory(runtime, on_listening, tenants_on, &intake),
      receivers::MakeNopReceiverFactory()};
  factories.processors = {processors::MakeBatchProcessorFactory(),
                          processors::MakeAttributesProcessorFactory(),
                          processors::MakeResourceProcessorFactory()};
  factories.exporters = {exporters::MakeStoreExporterFactory(OwnStores(stores, engine)),
                         exporters::MakeOtlpGrpcExporterFactory(runtime),
                         exporters::MakeOtlpHttpExporterFactory(runtime),
                         exporters::MakeJaegerExporterFactory(runtime),
                         exporters::MakeDebugExporterFactory(),
                         exporters::MakeNopExporterFactory()};
  factories.connectors = {connectors::MakeForwardConnectorFactory()};
  factories.extensions = {MakeStoreExtensionFactory(stores, engine),
                          MakeQueryExtensionFactory(runtime, stores, OwnStores(stores, engine),
                                                    memory, intake, addresses, reload_requests),
                          extensions::MakeBasicAuthFactory(),
                          extensions::MakeBearerTokenAuthFactory(),
                          extensions::MakeOidcFactory(runtime)};
  factories.decode_metrics_listener = DecodeOwnMetrics;
  return factories;
}

}  // namespace spandrel::server
