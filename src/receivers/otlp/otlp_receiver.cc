// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/otlp_receiver.h"

#include <fmt/core.h>

#include "base/log.h"
#include "endpoints/gate.h"
#include "net/exchange/server_call.h"
#include "net/exchange/server_limits.h"
#include "net/grpc/grpc_server.h"
#include "net/http/grpc_shape.h"
#include "net/peer/server.h"
#include "net/socket/io_runtime.h"
#include "receivers/factories.h"
#include "receivers/otlp/http_service.h"
#include "receivers/otlp/trace_ingest.h"

namespace spandrel::receivers {
namespace {

constexpr const char* kTraceExportPath =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

void HandleGrpcExport(const TraceIngest& ingest, std::shared_ptr<net::GrpcCall> call) {
  base::ByteBudget::Reservation reservation;
  std::string message = call->TakeMessage(&reservation);
  ingest.IngestProtobuf(std::move(message), std::move(reservation), [call](IngestOutcome outcome) {
    if (!outcome.status.ok()) return call->Finish(outcome.status);
    call->Reply(wire::EncodeExportResponseProtobuf(outcome.partial));
  });
}

void RefusePlainHttp(net::ServerCall& call) {
  net::Response response;
  response.status = 415;
  response.headers.emplace_back("content-type", "text/plain; charset=utf-8");
  response.body = "this port speaks gRPC; OTLP over HTTP has a port of its own, 4318 by default\n";
  call.Respond(std::move(response));
}

}  // namespace

OtlpReceiver::OtlpReceiver(net::IoRuntime& runtime, pipeline::ComponentContext context,
                           std::shared_ptr<const OtlpReceiverConfig> config,
                           std::shared_ptr<pipeline::Consumer> next, ListeningObserver on_listening)
    : runtime_(runtime),
      context_(std::move(context)),
      config_(std::move(config)),
      next_(std::move(next)),
      on_listening_(std::move(on_listening)) {}

OtlpReceiver::~OtlpReceiver() = default;

base::Status OtlpReceiver::Start() {
  if (config_->grpc) {
    SPANDREL_RETURN_IF_ERROR(Listen("grpc", config_->grpc->listener,
                                    endpoints::LimitsOf(*config_->grpc), MakeGrpcHandler()));
  }
  if (config_->http) {
    SPANDREL_RETURN_IF_ERROR(Listen("http", config_->http->listener,
                                    endpoints::LimitsOf(*config_->http), MakeHttpHandler()));
  }
  return {};
}

void OtlpReceiver::Shutdown(std::chrono::steady_clock::time_point deadline) {
  for (auto& server : servers_) server->Shutdown(deadline);
  servers_.clear();
}

net::Handler OtlpReceiver::MakeGrpcHandler() const {
  auto ingest = std::make_shared<const TraceIngest>(context_, "grpc", next_);
  auto router = std::make_shared<net::GrpcRouter>(context_.memory, config_->grpc->max_message_bytes,
                                                  &context_.metrics);
  router->Handle(kTraceExportPath, [ingest](std::shared_ptr<net::GrpcCall> call) {
    HandleGrpcExport(*ingest, std::move(call));
  });
  return [router](std::shared_ptr<net::ServerCall> call) {
    if (!net::IsGrpc(call->request())) return RefusePlainHttp(*call);
    (*router)(std::move(call));
  };
}

net::Handler OtlpReceiver::MakeHttpHandler() const {
  auto service = std::make_shared<const HttpTraceService>(
      TraceIngest(context_, "http", next_), context_.memory, config_->traces_url_path,
      config_->http->max_body_bytes, config_->http->cors);
  return [service](std::shared_ptr<net::ServerCall> call) {
    HttpTraceService::Handle(service, std::move(call));
  };
}

base::Status OtlpReceiver::Listen(std::string_view protocol,
                                  const endpoints::ListenerConfig& listener,
                                  net::ServerLimits limits, net::Handler handler) {
  net::ServerOptions options;
  options.endpoint = listener.endpoint;
  options.tls = listener.tls;
  options.limits = limits;
  options.name = fmt::format("{}/{}", context_.id, protocol);
  auto gate = endpoints::Gate::Make(listener, endpoints::DefaultHosts::kAny, options.name,
                                    context_.metrics);
  if (!gate.ok()) return gate.status().Annotate(context_.id);
  auto server =
      std::make_unique<net::Server>(runtime_, std::move(options), context_.metrics, context_.memory,
                                    endpoints::Guarded(*gate, std::move(handler)));
  SPANDREL_RETURN_IF_ERROR(server->Start().Annotate(context_.id));
  const net::Endpoint bound = server->bound();
  servers_.push_back(std::move(server));
  if (listener.endpoint_is_default) {
    base::LogWarn(
        "{}: {} listens on {} only; 'endpoint: 0.0.0.0:{}' takes spans from other machines",
        context_.id, protocol, bound.ToString(), bound.port);
  } else {
    base::LogDebug("{}: {} listens on {}", context_.id, protocol, bound.ToString());
  }
  if (on_listening_) on_listening_(protocol, bound);
  return {};
}

pipeline::ReceiverFactory MakeOtlpReceiverFactory(net::IoRuntime& runtime,
                                                  ListeningObserver on_listening) {
  pipeline::ReceiverFactory factory;
  factory.info = {"otlp", {}, "stable", "Takes spans over OTLP/gRPC and OTLP/HTTP."};
  factory.decode = DecodeOtlpReceiverConfig;
  factory.create = [&runtime, on_listening = std::move(on_listening)](
                       const pipeline::ComponentContext& context,
                       std::shared_ptr<const pipeline::ConfigBase> config,
                       std::shared_ptr<pipeline::Consumer> next)
      -> base::Result<std::unique_ptr<pipeline::Receiver>> {
    return std::unique_ptr<pipeline::Receiver>(std::make_unique<OtlpReceiver>(
        runtime, context, std::static_pointer_cast<const OtlpReceiverConfig>(config),
        std::move(next), on_listening));
  };
  return factory;
}

}  // namespace spandrel::receivers
