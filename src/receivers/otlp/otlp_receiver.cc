// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/otlp_receiver.h"

#include <fmt/core.h>

#include <iterator>
#include <map>
#include <utility>

#include "base/log.h"
#include "endpoints/gate.h"
#include "net/exchange/server_call.h"
#include "net/exchange/server_limits.h"
#include "net/grpc/grpc_server.h"
#include "net/peer/server.h"
#include "net/socket/io_runtime.h"
#include "pipeline/extensions.h"
#include "receivers/factories.h"
#include "receivers/otlp/grpc_service.h"
#include "receivers/otlp/http_service.h"
#include "receivers/otlp/ingest.h"
#include "receivers/otlp/tenant_step.h"
#include "wire/otlp/otlp_paths.h"

namespace spandrel::receivers {
namespace {

base::Result<OtlpLogins> FindLogins(const pipeline::ComponentContext& context,
                                    const OtlpReceiverConfig& config) {
  OtlpLogins logins;
  const auto find = [&context](const endpoints::ListenerConfig& listener) {
    return pipeline::FindNamed<endpoints::ServerAuthenticator>(context, listener.authenticator());
  };
  if (config.grpc) {
    auto login = find(config.grpc->listener);
    if (!login.ok()) return login.status();
    logins.grpc = *std::move(login);
  }
  if (config.http) {
    auto login = find(config.http->listener);
    if (!login.ok()) return login.status();
    logins.http = *std::move(login);
  }
  return logins;
}

constexpr std::string_view kHealthService = "/grpc.health.v1.Health/";
constexpr size_t kMaxHealthRequest = 4 << 10;

// "opentelemetry.proto.collector.trace.v1.TraceService"
std::string ServiceOf(signal::Signal signal) {
  const std::string_view method = wire::OtlpGrpcMethod(signal);
  return std::string(method.substr(1, method.rfind('/') - 1));
}

}  // namespace

OtlpReceiver::OtlpReceiver(net::IoRuntime& runtime, pipeline::ComponentContext context,
                           std::shared_ptr<const OtlpReceiverConfig> config,
                           pipeline::Outputs outputs, ListeningObserver on_listening,
                           TenantsOn tenants_on, OtlpLogins logins, base::IntakeGate* intake)
    : runtime_(runtime),
      context_(std::move(context)),
      config_(std::move(config)),
      outputs_(std::move(outputs)),
      on_listening_(std::move(on_listening)),
      tenants_on_(std::move(tenants_on)),
      logins_(std::move(logins)),
      intake_(intake),
      rates_(config_->limits.any() ? std::make_shared<TenantRates>(config_->limits) : nullptr) {}

OtlpReceiver::~OtlpReceiver() = default;

base::Status OtlpReceiver::Start() {
  if (config_->grpc) {
    std::vector<endpoints::GrpcHealth::Service> services = {
        {"", [this] { return TakesRequests(); }}};
    for (const signal::Signal signal : signal::kAllSignals) {
      services.push_back({ServiceOf(signal), [this] { return TakesRequests(); }});
    }
    health_ = std::make_shared<endpoints::GrpcHealth>(std::move(services));
    SPANDREL_RETURN_IF_ERROR(Listen("grpc", config_->grpc->listener, logins_.grpc,
                                    endpoints::LimitsOf(*config_->grpc), MakeGrpcHandler()));
  }
  if (config_->http) {
    SPANDREL_RETURN_IF_ERROR(Listen("http", config_->http->listener, logins_.http,
                                    endpoints::LimitsOf(*config_->http), MakeHttpHandler()));
  }
  return {};
}

void OtlpReceiver::Shutdown(std::chrono::steady_clock::time_point deadline) {
  if (health_) health_->Stop();
  for (auto& server : servers_) server->Shutdown(deadline);
  servers_.clear();
  health_.reset();
}

bool OtlpReceiver::TakesRequests() const {
  return context_.health == nullptr || context_.health->Worst() < base::HealthLevel::kRefusing;
}

net::HeadCheck OtlpReceiver::MakeHeadCheck(std::string_view protocol) const {
  if (intake_ == nullptr) return {};
  std::map<std::string, base::IntakeGate::Work, std::less<>> exports;
  for (const signal::Signal signal : signal::kAllSignals) {
    const std::string& url_path = config_->url_paths[static_cast<size_t>(signal)];
    exports[protocol == "grpc" ? std::string(wire::OtlpGrpcMethod(signal)) : url_path] =
        IntakeWork(signal);
  }
  return [intake = intake_, exports = std::move(exports)](const net::Request& request) {
    const auto found = exports.find(request.path);
    const bool is_export = found != exports.end() && request.method == "POST";
    return is_export ? intake->Admit(found->second, request.peer) : base::Status();
  };
}

// A probe has no login.
net::Handler OtlpReceiver::WithHealth(std::shared_ptr<const endpoints::Gate> gate,
                                      net::Handler other) const {
  auto router =
      std::make_shared<net::GrpcRouter>(context_.memory, kMaxHealthRequest, &context_.metrics);
  const auto& health = health_;
  router->Handle(std::string(kHealthService) + "Check",
                 [health](const auto& call) { health->Check(call); });
  router->Handle(std::string(kHealthService) + "Watch",
                 [health](const auto& call) { health->Watch(call); });
  return [gate = std::move(gate), router,
          other = std::move(other)](std::shared_ptr<net::ServerCall> call) {
    const net::Request& request = call->request();
    if (!request.path.starts_with(kHealthService)) return other(std::move(call));
    if (const auto refusal = gate->CheckHost(request)) {
      return call->Respond(endpoints::ResponseOf(request, *refusal));
    }
    (*router)(std::move(call));
  };
}

net::Handler OtlpReceiver::MakeGrpcHandler() const {
  return MakeOtlpGrpcHandler(
      context_, outputs_,
      {config_->grpc->max_message_bytes, config_->grpc->listener.include_metadata, tenants_on_,
       rates_, intake_});
}

net::Handler OtlpReceiver::MakeHttpHandler() const {
  std::vector<HttpService::Route> routes;
  for (const signal::Signal signal : signal::kAllSignals) {
    routes.push_back({config_->url_paths[static_cast<size_t>(signal)],
                      MakeIngest(context_, "http", signal, outputs_, rates_, intake_)});
  }
  auto service = std::make_shared<const HttpService>(
      std::move(routes), TenantStep(context_, "http", tenants_on_), context_.memory, *config_->http,
      config_->codings);
  return [service](std::shared_ptr<net::ServerCall> call) {
    HttpService::Handle(service, std::move(call));
  };
}

base::Status OtlpReceiver::Listen(std::string_view protocol,
                                  const endpoints::ListenerConfig& listener,
                                  std::shared_ptr<endpoints::ServerAuthenticator> login,
                                  net::ServerLimits limits, net::Handler handler) {
  net::ServerOptions options;
  options.endpoint = listener.endpoint;
  options.tls = listener.tls;
  options.limits = limits;
  options.name = fmt::format("{}/{}", context_.id, protocol);
  options.admit = MakeHeadCheck(protocol);
  // No browser speaks gRPC by itself, and gRPC clients name the server as they please.
  const auto hosts =
      protocol == "grpc" ? endpoints::DefaultHosts::kAny : endpoints::DefaultHosts::kUndotted;
  auto gate =
      endpoints::Gate::Make(listener, hosts, options.name, context_.metrics, std::move(login));
  if (!gate.ok()) return gate.status().Annotate(context_.id);
  handler = endpoints::Guarded(*gate, endpoints::Role::kSend, std::move(handler));
  if (protocol == "grpc") handler = WithHealth(*gate, std::move(handler));
  auto server = std::make_unique<net::Server>(runtime_, std::move(options), context_.metrics,
                                              context_.memory, std::move(handler));
  SPANDREL_RETURN_IF_ERROR(server->Start().Annotate(context_.id));
  const net::Endpoint bound = server->bound();
  servers_.push_back(std::move(server));
  if (listener.endpoint_is_default) {
    base::LogWarn(
        "{}: {} listens on {} only; 'endpoint: 0.0.0.0:{}' takes requests from other machines",
        context_.id, protocol, bound.ToString(), bound.port);
  } else {
    base::LogDebug("{}: {} listens on {}", context_.id, protocol, bound.ToString());
  }
  if (on_listening_) on_listening_(protocol, bound);
  return {};
}

pipeline::ReceiverFactory MakeOtlpReceiverFactory(net::IoRuntime& runtime,
                                                  ListeningObserver on_listening,
                                                  TenantsOn tenants_on, base::IntakeGate* intake) {
  pipeline::ReceiverFactory factory;
  factory.info = {"otlp", {}, "stable", "Takes OTLP over gRPC and HTTP."};
  factory.decode = DecodeOtlpReceiverConfig;
  factory.signals.assign(std::begin(signal::kAllSignals), std::end(signal::kAllSignals));
  factory.create =
      [&runtime, on_listening = std::move(on_listening), tenants_on = std::move(tenants_on),
       intake](const pipeline::ComponentContext& context,
               std::shared_ptr<const pipeline::ConfigBase> config,
               pipeline::Outputs outputs) -> base::Result<std::unique_ptr<pipeline::Receiver>> {
    auto own = std::static_pointer_cast<const OtlpReceiverConfig>(config);
    auto logins = FindLogins(context, *own);
    if (!logins.ok()) return logins.status();
    return std::unique_ptr<pipeline::Receiver>(
        std::make_unique<OtlpReceiver>(runtime, context, std::move(own), std::move(outputs),
                                       on_listening, tenants_on, *std::move(logins), intake));
  };
  return factory;
}

}  // namespace spandrel::receivers
