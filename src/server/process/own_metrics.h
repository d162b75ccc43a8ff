// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/health.h"
#include "base/metrics.h"
#include "config/decode.h"
#include "endpoints/gate.h"
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

// Answers probes (endpoints/probes.h) to everybody; all else goes to `other`. `health` outlives it.
net::Handler WithProbes(std::shared_ptr<const endpoints::Gate> gate,
                        const base::HealthBoard& health, net::Handler other);

}  // namespace spandrel::server
