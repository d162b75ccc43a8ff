// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router.h"
#include "api/http/service_context.h"

namespace spandrel::api {

// Grafana Tempo's HTTP API: search by TraceQL, names and values, traces by id. Its `/ready` is the
// probe that is there already. Errors are plain text.
void AddTempoApi(const ServiceContext& context, Router* router);
// `/api/traces/{traceId}`, which Jaeger has too: for a port of Tempo's own, or for those who accept
// protobuf only. Added before Jaeger's.
enum class TempoTraces : bool { kAlways, kAsProtobuf };
void AddTempoTraceById(const ServiceContext& context, TempoTraces when, Router* router);

}  // namespace spandrel::api
