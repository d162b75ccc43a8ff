// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/grpc/rpc_router.h"
#include "api/http/service_context.h"

namespace spandrel::api {

// `tempopb.StreamingQuerier`, what Grafana asks when a data source streams: searches, names, values
// and series, by the code that answers Tempo's HTTP API. Answers come in few messages; those of a
// search newest first.
void AddTempoStreamingQuerier(const ServiceContext& context, RpcRouter* router);

}  // namespace spandrel::api
