// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/grpc/rpc_router.h"
#include "api/http/service_context.h"

namespace spandrel::api {

// `jaeger.api_v3.QueryService`: GetServices, GetOperations, GetTrace, FindTraces and
// GetDependencies. Traces are streamed as messages of OTLP's TracesData that a client takes with
// its default limit. The context lives as long as the router.
void AddJaegerQueryService(const ServiceContext& context, RpcRouter* router);

}  // namespace spandrel::api
