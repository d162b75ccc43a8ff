// SPDX-License-Identifier: Apache-2.0
#include "server/query_extension.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "api/service.h"
#include "base/worker_pool.h"
#include "net/peer/server.h"
#include "server/page.h"

namespace spandrel::server {
namespace {

constexpr size_t kQueuedQueries = 256;

struct QueryConfig : pipeline::ConfigBase {
  std::string endpoint = "localhost:16686";
  std::string directory;
  net::Endpoint parsed_endpoint;
};

std::shared_ptr<const pipeline::ConfigBase> Decode(config::Decoder& decoder) {
  auto config = std::make_shared<QueryConfig>();
  decoder.Read("endpoint", &config->endpoint);
  decoder.Read("directory", &config->directory);
  auto endpoint = net::ParseEndpoint(config->endpoint);
  if (endpoint.ok()) {
    config->parsed_endpoint = *endpoint;
  } else {
    decoder.Error("endpoint", endpoint.status().message());
  }
  return config;
}

class QueryExtension final : public pipeline::Extension {
 public:
  QueryExtension(net::IoRuntime& runtime, Stores& stores, Addresses& addresses,
                 const pipeline::ComponentContext& context,
                 std::shared_ptr<const QueryConfig> config)
      : runtime_(runtime),
        stores_(stores),
        addresses_(addresses),
        metrics_(context.metrics),
        memory_(context.memory),
        config_(std::move(config)) {}

  base::Status Start() override {
    auto store = config_->directory.empty() ? stores_.Only()
                                            : stores_.Open({.directory = config_->directory});
    if (!store.ok()) return store.status();
    store_ = *store;
    const size_t processors = std::max(2U, std::thread::hardware_concurrency());
    workers_ = std::make_unique<base::WorkerPool>(processors, kQueuedQueries);
    service_ = std::make_unique<api::Service>(api::ServiceContext{
        *store_.engine, metrics_, *workers_, [this] { return Status(); }, EmbeddedPage()});
    server_ = std::make_unique<net::Server>(
        runtime_,
        net::ServerOptions{
            .endpoint = config_->parsed_endpoint, .tls = {}, .limits = {}, .name = "query"},
        metrics_, memory_, service_->handler());
    SPANDREL_RETURN_IF_ERROR(server_->Start());
    addresses_.Set("http", server_->bound());
    return {};
  }

  void Shutdown(std::chrono::steady_clock::time_point deadline) override {
    if (server_) server_->Shutdown(deadline);
    workers_.reset();
    server_.reset();
    service_.reset();
    store_.engine.reset();
  }

 private:
  api::ServerStatus Status() const {
    const storage::StoreStats stats = store_.engine->Stats();
    return {.version = SPANDREL_VERSION,
            .data_directory = store_.directory,
            .otlp_grpc = addresses_.Get("otlp_grpc"),
            .otlp_http = addresses_.Get("otlp_http"),
            .stored_spans = stats.spans,
            .store_bytes = stats.disk_bytes};
  }

  net::IoRuntime& runtime_;
  Stores& stores_;
  Addresses& addresses_;
  base::MetricRegistry& metrics_;
  base::ByteBudget& memory_;
  const std::shared_ptr<const QueryConfig> config_;
  OpenStore store_;
  std::unique_ptr<base::WorkerPool> workers_;
  std::unique_ptr<api::Service> service_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace

pipeline::ExtensionFactory MakeQueryExtensionFactory(net::IoRuntime& runtime, Stores& stores,
                                                     Addresses& addresses) {
  pipeline::ExtensionFactory factory;
  factory.info = {.type = "query",
                  .aliases = {},
                  .stability = "beta",
                  .summary = "Serves the page and Jaeger's APIs over the store of this process."};
  factory.decode = Decode;
  factory.create = [&runtime, &stores, &addresses](
                       const pipeline::ComponentContext& context,
                       std::shared_ptr<const pipeline::ConfigBase> config)
      -> base::Result<std::unique_ptr<pipeline::Extension>> {
    return std::unique_ptr<pipeline::Extension>(std::make_unique<QueryExtension>(
        runtime, stores, addresses, context, std::static_pointer_cast<const QueryConfig>(config)));
  };
  return factory;
}

}  // namespace spandrel::server
