// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/grpc_service.h"

#include <fmt/core.h>

#include <string>
#include <utility>

#include "net/grpc/grpc_server.h"
#include "net/http/grpc_shape.h"
#include "net/http/text_response.h"
#include "receivers/otlp/ingest.h"
#include "receivers/otlp/request_origin.h"
#include "wire/otlp/otlp_paths.h"

namespace spandrel::receivers {
namespace {

void HandleExport(const Ingest& ingest, const TenantStep& tenants, bool include_metadata,
                  const std::shared_ptr<net::GrpcCall>& call) {
  if (!ingest.is_connected()) {
    const auto name = signal::SignalName(ingest.signal());
    return call->Finish({base::StatusCode::kUnimplemented,
                         fmt::format("no pipeline takes {} from this receiver", name)});
  }
  auto tenant = tenants.Read(call->request(), call->tenants());
  if (!tenant.ok()) return call->Finish(tenant.status());
  ExportRequest request;
  request.origin =
      OriginOf(call->request(), call->identity(), include_metadata, *std::move(tenant));
  request.body = call->TakeMessage(&request.reservation);
  ingest.Take(std::move(request), [call](const IngestOutcome& outcome) {
    if (!outcome.status.ok()) return call->Finish(outcome.status);
    call->Reply(wire::EncodeExportResponseProtobuf(outcome.partial));
  });
}

void RefusePlainHttp(net::ServerCall& call) {
  call.Respond(net::TextResponse(
      415, "this port speaks gRPC; OTLP over HTTP has a port of its own, 4318 by default"));
}

}  // namespace

net::Handler MakeOtlpGrpcHandler(const pipeline::ComponentContext& context,
                                 const pipeline::Outputs& outputs,
                                 const GrpcServiceOptions& options) {
  auto router = std::make_shared<net::GrpcRouter>(context.memory, options.max_message_bytes,
                                                  &context.metrics);
  const auto tenants = std::make_shared<const TenantStep>(context, "grpc", options.tenants_on);
  for (const signal::Signal signal : signal::kAllSignals) {
    router->Handle(
        std::string(wire::OtlpGrpcMethod(signal)),
        [ingest = MakeIngest(context, "grpc", signal, outputs, options.rates, options.intake),
         tenants,
         include_metadata = options.include_metadata](const std::shared_ptr<net::GrpcCall>& call) {
          HandleExport(*ingest, *tenants, include_metadata, call);
        });
  }
  return [router](std::shared_ptr<net::ServerCall> call) {
    if (!net::IsGrpc(call->request())) return RefusePlainHttp(*call);
    (*router)(std::move(call));
  };
}

std::string_view TracesExportMethod() {
  return wire::OtlpGrpcMethod(signal::Signal::kTraces);
}

net::HeadCheck TracesExportCheck(base::IntakeGate& intake) {
  return [&intake](const net::Request& request) {
    if (request.path != TracesExportMethod()) return base::Status();
    return intake.Admit(IntakeWork(signal::Signal::kTraces), request.peer);
  };
}

}  // namespace spandrel::receivers
