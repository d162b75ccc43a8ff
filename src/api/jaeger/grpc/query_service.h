// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/grpc/rpc_router.h"
#include "api/http/service_context.h"

namespace spandrel::api {

// All stream traces in messages that a client takes with its default limit; none of them mixes
// traces. The context lives as long as the router.

// `jaeger.api_v3.QueryService`: GetServices, GetOperations, GetTrace, FindTraces,
// FindTraceSummaries and GetDependencies.
void AddJaegerQueryService(const ServiceContext& context, RpcRouter* router);
// `jaeger.api_v2.QueryService`, its elder: GetServices, GetOperations, GetTrace, FindTraces and
// GetDependencies, with spans in Jaeger's own model. ArchiveTrace is UNIMPLEMENTED.
void AddJaegerLegacyQueryService(const ServiceContext& context, RpcRouter* router);
// `jaeger.storage.v2`: TraceReader, DependencyReader and Capabilities, by which a Jaeger reads from
// this store as its remote storage. What it writes, it sends to an OTLP receiver.
void AddJaegerStorageServices(const ServiceContext& context, RpcRouter* router);

}  // namespace spandrel::api
