// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/metrics.h"
#include "net/exchange/server_call.h"

namespace spandrel::server {

// Answers GET /metrics with the process's own metrics, as the OpenTelemetry Collector does on port
// 8888; 404 for the rest. `metrics` outlives the handler.
net::Handler MakeOwnMetricsHandler(const base::MetricRegistry& metrics);

}  // namespace spandrel::server
