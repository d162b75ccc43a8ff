// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/metrics.h"
#include "config/decode.h"
#include "endpoints/listener.h"
#include "net/exchange/server_call.h"
#include "pipeline/component.h"

namespace spandrel::server {

// What the block of their address says beside it: `tls`, `auth` (written in place),
// `allowed_hosts`, as other listeners have it.
struct OwnMetricsConfig : pipeline::ConfigBase {
  endpoints::ListenerConfig listener;  // without its address
};
std::shared_ptr<const pipeline::ConfigBase> DecodeOwnMetrics(config::Decoder& prometheus);

// Answers GET /metrics with the process's own metrics, as the OpenTelemetry Collector does on port
// 8888; 404 for the rest. `metrics` outlives the handler.
net::Handler MakeOwnMetricsHandler(const base::MetricRegistry& metrics);

}  // namespace spandrel::server
