// SPDX-License-Identifier: Apache-2.0
#include "server/query_extension.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "api/service.h"
#include "base/worker_pool.h"
#include "endpoints/gate.h"
#include "endpoints/listener.h"
#include "net/peer/server.h"
#include "pipeline/extensions.h"
#include "server/page.h"

namespace spandrel::server {
namespace {

constexpr size_t kQueuedQueries = 256;
constexpr size_t kMaxRequestBytes = 1 << 20;
constexpr uint16_t kDefaultPort = 16686;

struct QueryConfig : pipeline::ConfigBase {
  endpoints::HttpServerConfig http;
  std::string directory;
  std::chrono::nanoseconds query_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds max_query_timeout = std::chrono::minutes(5);

  std::vector<pipeline::ListenAddress> listens() const override {
    return {{http.listener.endpoint.host, http.listener.endpoint.port, "tcp"}};
  }
  std::vector<pipeline::ExtensionUse> extension_uses() const override {
    const config::Reference name = http.listener.authenticator();
    if (name.id.empty()) return {};
    return {pipeline::UseAs<endpoints::ServerAuthenticator>(name)};
  }
};

std::shared_ptr<const pipeline::ConfigBase> Decode(config::Decoder& decoder) {
  auto config = std::make_shared<QueryConfig>();
  config->http =
      endpoints::DecodeHttpServer(decoder, {"localhost", kDefaultPort}, kMaxRequestBytes);
  decoder.Read("directory", &config->directory);
  decoder.Read("query_timeout", &config->query_timeout);
  decoder.Read("max_query_timeout", &config->max_query_timeout);
  if (config->query_timeout.count() <= 0) {
    decoder.Error("query_timeout", "'query_timeout' must be more than 0");
  }
  if (config->max_query_timeout < config->query_timeout) {
    decoder.Error("max_query_timeout", "'max_query_timeout' is less than 'query_timeout'");
  }
  return config;
}

class QueryExtension final : public pipeline::Extension {
 public:
  QueryExtension(net::IoRuntime& runtime, Stores& stores, Addresses& addresses,
                 ReloadRequests& reload_requests, const pipeline::ComponentContext& context,
                 std::shared_ptr<const QueryConfig> config,
                 std::shared_ptr<endpoints::ServerAuthenticator> login)
      : runtime_(runtime),
        stores_(stores),
        addresses_(addresses),
        reload_requests_(reload_requests),
        metrics_(context.metrics),
        memory_(context.memory),
        config_(std::move(config)),
        login_(std::move(login)) {}

  base::Status Start() override {
    auto store = config_->directory.empty() ? stores_.Only()
                                            : stores_.Open({.directory = config_->directory});
    if (!store.ok()) return store.status();
    store_ = *store;
    const size_t processors = std::max(2U, std::thread::hardware_concurrency());
    workers_ = std::make_unique<base::WorkerPool>(processors, kQueuedQueries);
    SPANDREL_RETURN_IF_ERROR(MakeService());
    server_ = std::make_unique<net::Server>(runtime_,
                                            net::ServerOptions{.endpoint = listener().endpoint,
                                                               .tls = listener().tls,
                                                               .limits = LimitsOf(config_->http),
                                                               .name = kName},
                                            metrics_, memory_, MakeHandler());
    SPANDREL_RETURN_IF_ERROR(server_->Start());
    addresses_.Set("http", server_->bound());
    return {};
  }

  // Queries under way have half of the time to end by themselves; then they are cancelled, so that
  // they are answered before the connections are cut.
  void Shutdown(std::chrono::steady_clock::time_point deadline) override {
    const auto now = std::chrono::steady_clock::now();
    if (service_) service_->StopAt(now + (deadline - now) / 2);
    if (server_) server_->Shutdown(deadline);
    workers_.reset();
    server_.reset();
    service_.reset();
    store_.engine.reset();
  }

 private:
  static constexpr const char* kName = "query";

  const endpoints::ListenerConfig& listener() const { return config_->http.listener; }

  base::Status MakeService() {
    auto gate =
        endpoints::Gate::Make(listener(), endpoints::DefaultHosts::kOwn, kName, metrics_, login_);
    if (!gate.ok()) return gate.status().Annotate(kName);
    gate_ = *std::move(gate);
    const api::StepOptions steps{.gate = gate_.get(),
                                 .query_timeout = config_->query_timeout,
                                 .max_query_timeout = config_->max_query_timeout,
                                 .memory = &memory_};
    service_ = std::make_unique<api::Service>(
        api::ServiceContext{*store_.engine, metrics_, *workers_, [this] { return Status(); },
                            EmbeddedPage()},
        api::ServiceOptions{steps, config_->http.cors});
    return {};
  }

  // The service has steps of its own, which know who asks.
  net::Handler MakeHandler() const {
    const auto reload = [&requests = reload_requests_](std::shared_ptr<net::ServerCall> call) {
      requests.Add(std::move(call));
    };
    return WithReload(endpoints::Guarded(gate_, reload), service_->handler());
  }

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
  ReloadRequests& reload_requests_;
  base::MetricRegistry& metrics_;
  base::ByteBudget& memory_;
  const std::shared_ptr<const QueryConfig> config_;
  const std::shared_ptr<endpoints::ServerAuthenticator> login_;  // null: none is named
  OpenStore store_;
  std::unique_ptr<base::WorkerPool> workers_;
  std::shared_ptr<const endpoints::Gate> gate_;
  std::unique_ptr<api::Service> service_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace

pipeline::ExtensionFactory MakeQueryExtensionFactory(net::IoRuntime& runtime, Stores& stores,
                                                     Addresses& addresses,
                                                     ReloadRequests& reload_requests) {
  pipeline::ExtensionFactory factory;
  factory.info = {.type = "query",
                  .aliases = {},
                  .stability = "beta",
                  .summary = "Serves the page and Jaeger's APIs over the store of this process."};
  factory.decode = Decode;
  factory.create = [&runtime, &stores, &addresses, &reload_requests](
                       const pipeline::ComponentContext& context,
                       std::shared_ptr<const pipeline::ConfigBase> config)
      -> base::Result<std::unique_ptr<pipeline::Extension>> {
    auto own = std::static_pointer_cast<const QueryConfig>(config);
    auto login = pipeline::FindNamed<endpoints::ServerAuthenticator>(
        context, own->http.listener.authenticator());
    if (!login.ok()) return login.status();
    return std::unique_ptr<pipeline::Extension>(std::make_unique<QueryExtension>(
        runtime, stores, addresses, reload_requests, context, std::move(own), *std::move(login)));
  };
  return factory;
}

}  // namespace spandrel::server
