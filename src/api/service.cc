// SPDX-License-Identifier: Apache-2.0
#include "api/service.h"

#include <atomic>
#include <string>
#include <utility>

#include "api/grpc/rpc_router.h"
#include "api/http/login_api.h"
#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/jaeger/grpc/query_service.h"
#include "api/jaeger/http/legacy_api.h"
#include "api/jaeger/http/metrics_api.h"
#include "api/jaeger/http/v3_api.h"
#include "api/mcp/mcp_api.h"
#include "api/tempo/grpc/streaming_querier.h"
#include "api/tempo/tempo_api.h"
#include "api/ui/ui_api.h"
#include "endpoints/grpc_health.h"
#include "endpoints/probes.h"
#include "net/http/grpc_shape.h"

namespace spandrel::api {

struct Service::Impl {
  Impl(ServiceContext given, ServiceOptions given_options)
      : context(std::move(given)),
        options(std::move(given_options)),
        steps(options.steps, context.metrics),
        queue(std::make_shared<QueryQueue>(context.workers, options.queue)),
        router(steps, options.cors, *queue, context.metrics),
        tempo_steps(options.tempo_steps, context.metrics),
        tempo_router(tempo_steps, options.tempo_cors, *queue, context.metrics),
        rpcs(steps, options.steps.memory, *queue, context.metrics),
        tempo_rpcs(tempo_steps, options.tempo_steps.memory, *queue, context.metrics),
        health(
            {{"", [this] { return TakesSpans(); }},
             {"grpc.health.v1.Health", [] { return true; }},
             {"jaeger.api_v3.QueryService", [] { return true; }},
             {"jaeger.storage.v2.TraceReader", [] { return true; }},
             {"jaeger.storage.v2.DependencyReader", [] { return true; }},
             {"jaeger.storage.v2.Capabilities", [] { return true; }},
             {"tempopb.StreamingQuerier", [] { return true; }}},
            [this](net::GrpcCall& call, const base::Status& status) { rpcs.Finish(call, status); }),
        page(context.page) {
    AddUiApi(context, &router);
    AddTempoApi(context, &router);
    AddTempoTraceById(context, TempoTraces::kAsProtobuf, &router);
    AddJaegerLegacyApi(context, &router);
    AddJaegerMetricsApi(context, &router);
    AddJaegerV3Api(context, &router);
    AddJaegerQueryService(context, &rpcs);
    AddJaegerStorageServices(context, &rpcs);
    AddTempoStreamingQuerier(context, &rpcs);
    AddTempoStreamingQuerier(context, &tempo_rpcs);
    AddTempoApi(context, &tempo_router);
    AddTempoTraceById(context, TempoTraces::kAlways, &tempo_router);
    AddProbes(&router);
    AddProbes(&tempo_router);
    AddGrpcHealth();
    router.GetOfAll("/metrics", [this](const RoutedRequest&) {
      return MakeResponse(200, "text/plain; version=0.0.4; charset=utf-8",
                          context.metrics.RenderPrometheus());
    });
    if (options.mcp) AddMcpApi(context, &router);
    if (options.steps.sessions != nullptr) {
      AddLoginApi(steps, *options.steps.sessions,
                  {options.is_encrypted, [this] { return context.status().warnings; }}, &router);
    }
    router.Fallback([this](const RoutedRequest& request) { return page.Serve(request); });
  }

  bool TakesSpans() const {
    return context.health == nullptr || context.health->Worst() < base::HealthLevel::kRefusing;
  }

  void AddProbes(Router* to) {
    for (const char* path : {"/health", "/ready", "/ready/ingest", "/ready/query"}) {
      to->GetOpen(path, [this](const RoutedRequest& request) {
        const auto asking =
            is_stopping ? endpoints::Asking::kStopped : endpoints::Asking::kAnswered;
        return *endpoints::AnswerProbe(context.health, asking, request.http);
      });
    }
  }

  void AddGrpcHealth() {
    const std::string service = "/grpc.health.v1.Health/";
    rpcs.HandleKept(service + "Check", [this](const auto& call) { health.Check(call); });
    rpcs.HandleKept(service + "Watch", [this](const auto& call) { health.Watch(call); });
  }

  void Handle(const std::shared_ptr<net::ServerCall>& call) const {
    const net::Request& request = call->request();
    if (request.http2 && net::IsGrpc(request)) return rpcs(call);
    router(call);
  }

  void HandleTempo(const std::shared_ptr<net::ServerCall>& call) const {
    const net::Request& request = call->request();
    if (request.http2 && net::IsGrpc(request)) return tempo_rpcs(call);
    tempo_router(call);
  }

  const ServiceContext context;
  const ServiceOptions options;
  Steps steps;
  const std::shared_ptr<QueryQueue> queue;  // the workers hold it too
  Router router;
  Steps tempo_steps;
  Router tempo_router;
  RpcRouter rpcs;
  RpcRouter tempo_rpcs;
  endpoints::GrpcHealth health;
  const StaticFiles page;
  std::atomic<bool> is_stopping{false};
};

Service::Service(ServiceContext context, ServiceOptions options)
    : impl_(std::make_unique<Impl>(std::move(context), std::move(options))) {}
Service::~Service() = default;

net::Handler Service::handler() {
  return [this](const std::shared_ptr<net::ServerCall>& call) { impl_->Handle(call); };
}

net::Handler Service::tempo_handler() {
  return [this](const std::shared_ptr<net::ServerCall>& call) { impl_->HandleTempo(call); };
}

std::vector<std::string> Service::guarded_routes() const {
  return impl_->router.RoutesWhere(/*open=*/false);
}

std::vector<std::string> Service::guarded_rpcs() const {
  return impl_->rpcs.guarded();
}

void Service::StopAt(std::chrono::steady_clock::time_point when) {
  impl_->is_stopping = true;
  impl_->health.Stop();
  impl_->steps.StopAt(when);
  impl_->tempo_steps.StopAt(when);
}

}  // namespace spandrel::api
