// SPDX-License-Identifier: Apache-2.0
#include "server/query/query_extension.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "api/http/login_sessions.h"
#include "api/service.h"
#include "base/worker_pool.h"
#include "endpoints/gate.h"
#include "endpoints/listener.h"
#include "net/peer/server.h"
#include "pipeline/extensions.h"
#include "receivers/otlp/grpc_service.h"
#include "server/query/page.h"
#include "server/query/query_config.h"
#include "server/query/storage_writes.h"

namespace spandrel::server {
namespace {

constexpr size_t kQueuedQueries = 256;
constexpr size_t kQueuedQueriesOfPeer = 128;

using SharedGate = std::shared_ptr<const endpoints::Gate>;
using SharedLogin = std::shared_ptr<endpoints::ServerAuthenticator>;

// Who is let in on each port; null where nobody is asked.
struct Logins {
  SharedLogin http;
  std::array<SharedLogin, kQueryPorts.size()> ports;
};

class QueryExtension final : public pipeline::Extension {
 public:
  // What outlives the extension.
  struct Surroundings {
    net::IoRuntime& runtime;
    Stores& stores;
    MemoryShares& shares;
    base::IntakeGate& intake;
    Addresses& addresses;
    ReloadRequests& reload_requests;
  };

  QueryExtension(const Surroundings& around, pipeline::ComponentContext context,
                 std::shared_ptr<const QueryConfig> config, Logins logins,
                 Stores::SharedStore store)
      : around_(around),
        context_(std::move(context)),
        config_(std::move(config)),
        logins_(std::move(logins)),
        store_(std::move(store)) {}

  base::Status Start() override {
    if (store_ == nullptr) {
      auto store = config_->own_store ? config_->own_store() : around_.stores.Only();
      if (!store.ok()) return store.status();
      store_ = *std::move(store);
    }
    const size_t processors = std::max(2U, std::thread::hardware_concurrency());
    // One more than long queries take, for quick ones.
    workers_ = std::make_unique<base::WorkerPool>(processors + 1, kQueuedQueries);
    SPANDREL_RETURN_IF_ERROR(MakeGates());
    MakeService(processors);
    SPANDREL_RETURN_IF_ERROR(StartQueryServer());
    for (size_t i = 0; i < kQueryPorts.size(); ++i) {
      if (config_->ports[i]) SPANDREL_RETURN_IF_ERROR(StartPort(i));
    }
    return {};
  }

  // Queries under way have half of the time to end by themselves; then they are cancelled, so that
  // they are answered before the connections are cut.
  void Shutdown(std::chrono::steady_clock::time_point deadline) override {
    const auto now = std::chrono::steady_clock::now();
    if (service_) service_->StopAt(now + (deadline - now) / 2);
    if (server_) server_->Shutdown(deadline);
    for (const auto& server : port_servers_) {
      if (server) server->Shutdown(deadline);
    }
    workers_.reset();
    server_.reset();
    for (auto& server : port_servers_) server.reset();
    service_.reset();
    store_.reset();
  }

 private:
  static constexpr const char* kName = "query";

  // Names of servers that speak gRPC alone are as their clients please.
  static endpoints::DefaultHosts HostsOf(api::Door door) {
    const bool is_grpc = door == api::Door::kJaegerGrpc || door == api::Door::kStorageGrpc;
    return is_grpc ? endpoints::DefaultHosts::kAny : endpoints::DefaultHosts::kOwn;
  }

  base::Status MakeGate(const endpoints::ListenerConfig& config, endpoints::DefaultHosts hosts,
                        const char* name, const SharedLogin& login, SharedGate* gate) {
    auto made = endpoints::Gate::Make(config, hosts, name, context_.metrics, login);
    if (!made.ok()) return made.status().Annotate(name);
    *gate = *std::move(made);
    return {};
  }

  base::Status MakeGates() {
    SPANDREL_RETURN_IF_ERROR(
        MakeGate(listener(), endpoints::DefaultHosts::kOwn, kName, logins_.http, &gate_));
    for (size_t i = 0; i < kQueryPorts.size(); ++i) {
      if (!config_->ports[i]) continue;
      SPANDREL_RETURN_IF_ERROR(MakeGate(config_->ports[i]->listener, HostsOf(kQueryPorts[i].door),
                                        kQueryPorts[i].key, logins_.ports[i], &port_gates_[i]));
    }
    return {};
  }

  const endpoints::ListenerConfig& listener() const { return config_->http.listener; }

  api::StepOptions StepsBehind(const SharedGate& gate) const {
    return {.gate = gate.get(),
            .tenants = store_->by_tenant(),
            .exact_names = config_->exact_names,
            .query_timeout = config_->query_timeout,
            .max_query_timeout = config_->max_query_timeout,
            .memory = &around_.shares.reads,
            .answers = &around_.shares.answers};
  }

  // Nobody signs in there by a page.
  api::DoorOptions DoorOf(size_t port) const {
    const auto& config = config_->ports[port];
    return {StepsBehind(port_gates_[port]),
            config ? config->listener.cors : endpoints::CorsConfig(),
            {}};
  }

  void MakeService(size_t processors) {
    api::ServiceOptions options{.steps = StepsBehind(gate_),
                                .cors = listener().cors,
                                .queue = {.waiting = kQueuedQueries,
                                          .waiting_of_peer = kQueuedQueriesOfPeer,
                                          .running_long = processors},
                                .is_encrypted = listener().is_encrypted(),
                                .mcp = config_->mcp,
                                .tempo = DoorOf(0),
                                .jaeger_grpc = DoorOf(1),
                                .storage_grpc = DoorOf(2)};
    options.steps.sessions = &sessions_;
    options.storage_grpc.other_services = {StorageWriteService()};
    service_ = std::make_unique<api::Service>(
        api::ServiceContext{store_->store().reader(), context_.metrics, *workers_,
                            [this] { return Status(); }, EmbeddedPage(), base::SystemClock(),
                            context_.health},
        std::move(options));
  }

  net::ServerOptions OptionsOf(const endpoints::HttpServerConfig& config, const char* name,
                               api::Door door) const {
    return {.endpoint = config.listener.endpoint,
            .tls = config.listener.tls,
            .limits = LimitsOf(config),
            .name = name,
            .admit = {},
            .streams = service_->streams(door)};
  }

  base::Status StartQueryServer() {
    server_ = std::make_unique<net::Server>(
        around_.runtime, OptionsOf(config_->http, kName, api::Door::kQuery), context_.metrics,
        around_.shares.reads, MakeQueryHandler());
    SPANDREL_RETURN_IF_ERROR(server_->Start());
    around_.addresses.Set("http", server_->bound());
    return {};
  }

  // The service has steps of its own, which know who asks.
  net::Handler MakeQueryHandler() const {
    const auto reload = [&requests =
                             around_.reload_requests](std::shared_ptr<net::ServerCall> call) {
      requests.Add(std::move(call));
    };
    return WithReload(endpoints::Guarded(gate_, endpoints::Role::kAdminister, reload),
                      service_->handler());
  }

  base::Status StartPort(size_t i) {
    const QueryPort& port = kQueryPorts[i];
    net::ServerOptions options = OptionsOf(*config_->ports[i], port.key, port.door);
    net::Handler handler = service_->handler(port.door);
    base::ByteBudget* memory = &around_.shares.reads;
    if (port.door == api::Door::kStorageGrpc) {
      // Spans come there too: from the share that a store counts them in.
      memory = &context_.memory;
      options.admit = receivers::TracesExportCheck(around_.intake);
      pipeline::ComponentContext context = context_;
      context.id = port.key;
      handler =
          WithStorageWrites(context, store_, port_gates_[i], around_.intake, std::move(handler));
    }
    port_servers_[i] = std::make_unique<net::Server>(around_.runtime, std::move(options),
                                                     context_.metrics, *memory, std::move(handler));
    SPANDREL_RETURN_IF_ERROR(port_servers_[i]->Start());
    around_.addresses.Set(port.key, port_servers_[i]->bound());
    return {};
  }

  api::ServerStatus Status() const {
    const storage::StoreStats stats = store_->store().Stats();
    return {.version = SPANDREL_VERSION,
            .data_directory = store_->directory(),
            .otlp_grpc = around_.addresses.Get("otlp_grpc"),
            .otlp_http = around_.addresses.Get("otlp_http"),
            .stored_spans = stats.spans,
            .store_bytes = stats.disk_bytes,
            .warnings = around_.addresses.Warnings()};
  }

  const Surroundings around_;
  const pipeline::ComponentContext context_;
  const std::shared_ptr<const QueryConfig> config_;
  const Logins logins_;
  Stores::SharedStore store_;  // null before the start when no extension is named
  std::unique_ptr<base::WorkerPool> workers_;
  SharedGate gate_;
  api::Sessions sessions_;
  std::unique_ptr<api::Service> service_;
  std::unique_ptr<net::Server> server_;
  // In the order of kQueryPorts; null: not wanted.
  std::array<SharedGate, kQueryPorts.size()> port_gates_;
  std::array<std::unique_ptr<net::Server>, kQueryPorts.size()> port_servers_;
};

base::Result<Stores::SharedStore> FindStore(const pipeline::ComponentContext& context,
                                            const QueryConfig& config) {
  auto extension = pipeline::FindNamed<exporters::TraceStoreExtension>(context, config.store);
  if (!extension.ok()) return extension.status();
  return *extension == nullptr ? nullptr : (*extension)->trace_store();
}

base::Status FindLogin(const pipeline::ComponentContext& context,
                       const endpoints::HttpServerConfig& config, SharedLogin* login) {
  auto found =
      pipeline::FindNamed<endpoints::ServerAuthenticator>(context, config.listener.authenticator());
  if (!found.ok()) return found.status();
  *login = *std::move(found);
  return {};
}

base::Result<Logins> FindLogins(const pipeline::ComponentContext& context,
                                const QueryConfig& config) {
  Logins logins;
  SPANDREL_RETURN_IF_ERROR(FindLogin(context, config.http, &logins.http));
  for (size_t i = 0; i < kQueryPorts.size(); ++i) {
    if (!config.ports[i]) continue;
    SPANDREL_RETURN_IF_ERROR(FindLogin(context, *config.ports[i], &logins.ports[i]));
  }
  return logins;
}

}  // namespace

pipeline::ExtensionFactory MakeQueryExtensionFactory(net::IoRuntime& runtime, Stores& stores,
                                                     exporters::DecodeStore decode_store,
                                                     MemoryShares& memory, base::IntakeGate& intake,
                                                     Addresses& addresses,
                                                     ReloadRequests& reload_requests) {
  pipeline::ExtensionFactory factory;
  factory.info = {
      .type = "query",
      .aliases = {},
      .stability = "beta",
      .summary = "Serves the page, Jaeger's and Tempo's APIs over the store of this process."};
  factory.decode = [decode_store = std::move(decode_store)](config::Decoder& decoder) {
    return DecodeQueryConfig(decoder, decode_store);
  };
  const QueryExtension::Surroundings around{runtime, stores,    memory,
                                            intake,  addresses, reload_requests};
  factory.create = [around](const pipeline::ComponentContext& context,
                            std::shared_ptr<const pipeline::ConfigBase> config)
      -> base::Result<std::unique_ptr<pipeline::Extension>> {
    auto own = std::static_pointer_cast<const QueryConfig>(config);
    auto logins = FindLogins(context, *own);
    if (!logins.ok()) return logins.status();
    auto store = FindStore(context, *own);
    if (!store.ok()) return store.status();
    return std::unique_ptr<pipeline::Extension>(std::make_unique<QueryExtension>(
        around, context, std::move(own), *std::move(logins), *std::move(store)));
  };
  return factory;
}

}  // namespace spandrel::server
