// SPDX-License-Identifier: Apache-2.0
#include "server/query/query_extension.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "api/http/login_sessions.h"
#include "api/service.h"
#include "base/worker_pool.h"
#include "endpoints/gate.h"
#include "endpoints/listener.h"
#include "exporters/store/config.h"
#include "net/peer/server.h"
#include "pipeline/extensions.h"
#include "server/query/page.h"

namespace spandrel::server {
namespace {

constexpr size_t kQueuedQueries = 256;
constexpr size_t kQueuedQueriesOfPeer = 128;
constexpr size_t kMaxRequestBytes = 64 << 20;  // a file of traces that the page of Jaeger shows
constexpr uint16_t kDefaultPort = 16686;
constexpr uint16_t kDefaultTempoPort = 3200;

struct QueryConfig : pipeline::ConfigBase {
  endpoints::HttpServerConfig http;
  std::optional<endpoints::HttpServerConfig> tempo;  // none: Tempo's API is on `http` alone
  // One of these, or neither: the only store there is.
  config::Reference store;
  exporters::OpenStore own_store;
  std::chrono::nanoseconds query_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds max_query_timeout = std::chrono::minutes(5);
  bool mcp = false;

  std::vector<pipeline::ListenAddress> listens() const override {
    std::vector<pipeline::ListenAddress> all = {AddressOf(http.listener)};
    if (tempo) all.push_back(AddressOf(tempo->listener));
    return all;
  }
  std::vector<pipeline::ExtensionUse> extension_uses() const override {
    std::vector<pipeline::ExtensionUse> uses;
    for (const config::Reference& login :
         {http.listener.authenticator(),
          tempo ? tempo->listener.authenticator() : config::Reference()}) {
      if (!login.id.empty()) uses.push_back(pipeline::UseAs<endpoints::ServerAuthenticator>(login));
    }
    if (!store.id.empty()) uses.push_back(pipeline::UseAs<exporters::TraceStoreExtension>(store));
    return uses;
  }

 private:
  static pipeline::ListenAddress AddressOf(const endpoints::ListenerConfig& on) {
    return {on.endpoint.host, on.endpoint.port, "tcp", on.is_encrypted(), on.asks_login()};
  }
};

std::shared_ptr<const pipeline::ConfigBase> Decode(config::Decoder& decoder,
                                                   const exporters::DecodeStore& decode_store) {
  auto config = std::make_shared<QueryConfig>();
  config->http =
      endpoints::DecodeHttpServer(decoder, {"localhost", kDefaultPort}, kMaxRequestBytes);
  if (decoder.Has("tempo")) {
    config::Decoder tempo = decoder.Child("tempo");
    config->tempo =
        endpoints::DecodeHttpServer(tempo, {"localhost", kDefaultTempoPort}, kMaxRequestBytes);
  }
  config->store = exporters::ReadStoreName(decoder);
  if (config->store.id.empty() && decoder.Has("directory")) {
    config->own_store = decode_store(decoder);
  }
  decoder.Read("mcp", &config->mcp);
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

// Who is let in on each port; null where nobody is asked.
struct Logins {
  std::shared_ptr<endpoints::ServerAuthenticator> http;
  std::shared_ptr<endpoints::ServerAuthenticator> tempo;
};

class QueryExtension final : public pipeline::Extension {
 public:
  QueryExtension(net::IoRuntime& runtime, Stores& stores, MemoryShares& shares,
                 Addresses& addresses, ReloadRequests& reload_requests,
                 const pipeline::ComponentContext& context,
                 std::shared_ptr<const QueryConfig> config, Logins logins,
                 Stores::SharedStore store)
      : runtime_(runtime),
        stores_(stores),
        shares_(shares),
        addresses_(addresses),
        reload_requests_(reload_requests),
        metrics_(context.metrics),
        health_(context.health),
        config_(std::move(config)),
        logins_(std::move(logins)),
        store_(std::move(store)) {}

  base::Status Start() override {
    if (store_ == nullptr) {
      auto store = config_->own_store ? config_->own_store() : stores_.Only();
      if (!store.ok()) return store.status();
      store_ = *std::move(store);
    }
    const size_t processors = std::max(2U, std::thread::hardware_concurrency());
    // One more than long queries take, for quick ones.
    workers_ = std::make_unique<base::WorkerPool>(processors + 1, kQueuedQueries);
    SPANDREL_RETURN_IF_ERROR(MakeService(processors));
    server_ = MakeServer(config_->http, kName, api::Door::kQuery, MakeHandler());
    SPANDREL_RETURN_IF_ERROR(server_->Start());
    addresses_.Set("http", server_->bound());
    if (!config_->tempo) return {};
    tempo_server_ = MakeServer(*config_->tempo, kTempoName, api::Door::kTempo,
                               service_->handler(api::Door::kTempo));
    SPANDREL_RETURN_IF_ERROR(tempo_server_->Start());
    addresses_.Set("tempo", tempo_server_->bound());
    return {};
  }

  // Queries under way have half of the time to end by themselves; then they are cancelled, so that
  // they are answered before the connections are cut.
  void Shutdown(std::chrono::steady_clock::time_point deadline) override {
    const auto now = std::chrono::steady_clock::now();
    if (service_) service_->StopAt(now + (deadline - now) / 2);
    if (server_) server_->Shutdown(deadline);
    if (tempo_server_) tempo_server_->Shutdown(deadline);
    workers_.reset();
    server_.reset();
    tempo_server_.reset();
    service_.reset();
    store_.reset();
  }

 private:
  static constexpr const char* kName = "query";
  static constexpr const char* kTempoName = "tempo";

  std::unique_ptr<net::Server> MakeServer(const endpoints::HttpServerConfig& config,
                                          const char* name, api::Door door, net::Handler handler) {
    return std::make_unique<net::Server>(runtime_,
                                         net::ServerOptions{.endpoint = config.listener.endpoint,
                                                            .tls = config.listener.tls,
                                                            .limits = LimitsOf(config),
                                                            .name = name,
                                                            .admit = {},
                                                            .streams = service_->streams(door)},
                                         metrics_, shares_.reads, std::move(handler));
  }

  using SharedGate = std::shared_ptr<const endpoints::Gate>;
  base::Status MakeGate(const endpoints::ListenerConfig& config, const char* name,
                        const std::shared_ptr<endpoints::ServerAuthenticator>& login,
                        SharedGate* gate) {
    auto made = endpoints::Gate::Make(config, endpoints::DefaultHosts::kOwn, name, metrics_, login);
    if (!made.ok()) return made.status().Annotate(name);
    *gate = *std::move(made);
    return {};
  }

  const endpoints::ListenerConfig& listener() const { return config_->http.listener; }

  base::Status MakeService(size_t processors) {
    SPANDREL_RETURN_IF_ERROR(MakeGate(listener(), kName, logins_.http, &gate_));
    if (config_->tempo) {
      SPANDREL_RETURN_IF_ERROR(
          MakeGate(config_->tempo->listener, kTempoName, logins_.tempo, &tempo_gate_));
    }
    const api::StepOptions steps{.gate = gate_.get(),
                                 .sessions = &sessions_,
                                 .tenants = store_->by_tenant(),
                                 .query_timeout = config_->query_timeout,
                                 .max_query_timeout = config_->max_query_timeout,
                                 .memory = &shares_.reads,
                                 .answers = &shares_.answers};
    api::StepOptions tempo_steps = steps;  // nobody signs in there by a page
    tempo_steps.gate = tempo_gate_.get();
    tempo_steps.sessions = nullptr;
    service_ = std::make_unique<api::Service>(
        api::ServiceContext{store_->store().reader(), metrics_, *workers_,
                            [this] { return Status(); }, EmbeddedPage(), base::SystemClock(),
                            health_},
        api::ServiceOptions{
            .steps = steps,
            .cors = config_->http.listener.cors,
            .queue = {.waiting = kQueuedQueries,
                      .waiting_of_peer = kQueuedQueriesOfPeer,
                      .running_long = processors},
            .is_encrypted = listener().is_encrypted(),
            .mcp = config_->mcp,
            .tempo = {tempo_steps,
                      config_->tempo ? config_->tempo->listener.cors : endpoints::CorsConfig(),
                      {}}});
    return {};
  }

  // The service has steps of its own, which know who asks.
  net::Handler MakeHandler() const {
    const auto reload = [&requests = reload_requests_](std::shared_ptr<net::ServerCall> call) {
      requests.Add(std::move(call));
    };
    return WithReload(endpoints::Guarded(gate_, endpoints::Role::kAdminister, reload),
                      service_->handler());
  }

  api::ServerStatus Status() const {
    const storage::StoreStats stats = store_->store().Stats();
    return {.version = SPANDREL_VERSION,
            .data_directory = store_->directory(),
            .otlp_grpc = addresses_.Get("otlp_grpc"),
            .otlp_http = addresses_.Get("otlp_http"),
            .stored_spans = stats.spans,
            .store_bytes = stats.disk_bytes,
            .warnings = addresses_.Warnings()};
  }

  net::IoRuntime& runtime_;
  Stores& stores_;
  MemoryShares& shares_;
  Addresses& addresses_;
  ReloadRequests& reload_requests_;
  base::MetricRegistry& metrics_;
  const base::HealthBoard* const health_;
  const std::shared_ptr<const QueryConfig> config_;
  const Logins logins_;
  Stores::SharedStore store_;  // null before the start when no extension is named
  std::unique_ptr<base::WorkerPool> workers_;
  SharedGate gate_;
  SharedGate tempo_gate_;
  api::Sessions sessions_;
  std::unique_ptr<api::Service> service_;
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<net::Server> tempo_server_;  // null: not wanted
};

base::Result<Stores::SharedStore> FindStore(const pipeline::ComponentContext& context,
                                            const QueryConfig& config) {
  auto extension = pipeline::FindNamed<exporters::TraceStoreExtension>(context, config.store);
  if (!extension.ok()) return extension.status();
  return *extension == nullptr ? nullptr : (*extension)->trace_store();
}

}  // namespace

pipeline::ExtensionFactory MakeQueryExtensionFactory(net::IoRuntime& runtime, Stores& stores,
                                                     exporters::DecodeStore decode_store,
                                                     MemoryShares& memory, Addresses& addresses,
                                                     ReloadRequests& reload_requests) {
  pipeline::ExtensionFactory factory;
  factory.info = {
      .type = "query",
      .aliases = {},
      .stability = "beta",
      .summary = "Serves the page, Jaeger's and Tempo's APIs over the store of this process."};
  factory.decode = [decode_store = std::move(decode_store)](config::Decoder& decoder) {
    return Decode(decoder, decode_store);
  };
  factory.create = [&runtime, &stores, &memory, &addresses, &reload_requests](
                       const pipeline::ComponentContext& context,
                       std::shared_ptr<const pipeline::ConfigBase> config)
      -> base::Result<std::unique_ptr<pipeline::Extension>> {
    auto own = std::static_pointer_cast<const QueryConfig>(config);
    auto login = pipeline::FindNamed<endpoints::ServerAuthenticator>(
        context, own->http.listener.authenticator());
    if (!login.ok()) return login.status();
    auto tempo_login = pipeline::FindNamed<endpoints::ServerAuthenticator>(
        context, own->tempo ? own->tempo->listener.authenticator() : config::Reference());
    if (!tempo_login.ok()) return tempo_login.status();
    auto store = FindStore(context, *own);
    if (!store.ok()) return store.status();
    return std::unique_ptr<pipeline::Extension>(std::make_unique<QueryExtension>(
        runtime, stores, memory, addresses, reload_requests, context, std::move(own),
        Logins{*std::move(login), *std::move(tempo_login)}, *std::move(store)));
  };
  return factory;
}

}  // namespace spandrel::server
