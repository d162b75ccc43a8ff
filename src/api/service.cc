// SPDX-License-Identifier: Apache-2.0
#include "api/service.h"

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "api/http/login_api.h"
#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/jaeger/grpc/query_service.h"
#include "api/jaeger/http/legacy_api.h"
#include "api/jaeger/http/metrics_api.h"
#include "api/jaeger/http/v3_api.h"
#include "api/mcp/mcp_api.h"
#include "api/prometheus/prometheus_api.h"
#include "api/tempo/grpc/streaming_querier.h"
#include "api/tempo/tempo_api.h"
#include "api/ui/ui_api.h"
#include "endpoints/probes.h"
#include "query/renamed_reader.h"

namespace spandrel::api {

namespace {

ServiceContext WithReader(const ServiceContext& given, storage::Reader& reader) {
  return {reader,     given.metrics, given.workers, given.status,
          given.page, given.clock,   given.health};
}

}  // namespace

struct Service::Impl {
  Impl(const ServiceContext& given, const ServiceOptions& options)
      : reader(given.reader),
        context(WithReader(given, reader)),
        queue(std::make_shared<QueryQueue>(context.workers, options.queue)),
        doors{MakeDoor({options.steps, options.cors, {}}), MakeDoor(options.tempo),
              MakeDoor(options.jaeger_grpc), MakeDoor(options.storage_grpc)},
        page(context.page) {
    AddQueryDoor(options);
    Doorway& tempo = Of(Door::kTempo);
    AddTempoApi(context, &tempo.router());
    AddPrometheusApi(context, &tempo.router());
    AddTempoTraceById(context, TempoTraces::kAlways, &tempo.router());
    AddTempoStreamingQuerier(context, &tempo.rpcs());
    AddJaegerQueryServices(&Of(Door::kJaegerGrpc).rpcs());
    AddJaegerStorageServices(context, &Of(Door::kStorageGrpc).rpcs());
    for (const auto& door : doors) {
      AddProbes(&door->router());
      door->AddHealthAndReflection();
    }
  }

  std::unique_ptr<Doorway> MakeDoor(const DoorOptions& options) const {
    return std::make_unique<Doorway>(options, context, *queue);
  }
  Doorway& Of(Door door) const { return *doors[static_cast<size_t>(door)]; }

  void AddQueryDoor(const ServiceOptions& options) {
    Doorway& door = Of(Door::kQuery);
    AddUiApi(context, &door.router());
    AddTempoApi(context, &door.router());
    AddTempoTraceById(context, TempoTraces::kAsProtobuf, &door.router());
    AddPrometheusApi(context, &door.router());
    AddSpanScrape(context, &door.router());
    AddJaegerLegacyApi(context, &door.router());
    AddJaegerMetricsApi(context, &door.router());
    AddJaegerV3Api(context, &door.router());
    AddJaegerQueryServices(&door.rpcs());
    AddJaegerStorageServices(context, &door.rpcs());
    AddTempoStreamingQuerier(context, &door.rpcs());
    door.router().GetOfAll("/metrics", [this](const RoutedRequest&) {
      return MakeResponse(200, "text/plain; version=0.0.4; charset=utf-8",
                          context.metrics.RenderPrometheus());
    });
    if (options.mcp) AddMcpApi(context, &door.router());
    if (options.steps.sessions != nullptr) {
      AddLoginApi(door.steps(), *options.steps.sessions,
                  {options.is_encrypted, [this] { return context.status().warnings; }},
                  &door.router());
    }
    door.router().Fallback([this](const RoutedRequest& request) { return page.Serve(request); });
  }

  void AddJaegerQueryServices(RpcRouter* to) const {
    AddJaegerQueryService(context, to);
    AddJaegerLegacyQueryService(context, to);
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

  query::RenamedReader reader;
  const ServiceContext context;
  const std::shared_ptr<QueryQueue> queue;  // the workers hold it too
  const std::array<std::unique_ptr<Doorway>, kDoors> doors;
  const StaticFiles page;
  std::atomic<bool> is_stopping{false};
};

Service::Service(const ServiceContext& context, ServiceOptions options)
    : impl_(std::make_unique<Impl>(context, options)) {}
Service::~Service() = default;

net::Handler Service::handler(Door door) {
  return
      [way = &impl_->Of(door)](const std::shared_ptr<net::ServerCall>& call) { way->Handle(call); };
}

net::StreamCheck Service::streams(Door door) const {
  return [way = &impl_->Of(door)](const net::Request& request) {
    return way->rpcs().IsStreamed(request);
  };
}

std::vector<std::string> Service::guarded_routes() const {
  return impl_->Of(Door::kQuery).router().RoutesWhere(/*open=*/false);
}

std::vector<std::string> Service::guarded_rpcs(Door door) const {
  return impl_->Of(door).rpcs().guarded();
}

void Service::StopAt(std::chrono::steady_clock::time_point when) {
  impl_->is_stopping = true;
  for (const auto& door : impl_->doors) door->StopAt(when);
}

}  // namespace spandrel::api
