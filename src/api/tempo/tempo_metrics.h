// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router.h"
#include "api/http/service_context.h"

namespace spandrel::api {

// `/api/metrics/query_range` and `/api/metrics/query`: series of a TraceQL query of metrics.
void AddTempoMetrics(const ServiceContext& context, Router* router);

}  // namespace spandrel::api
