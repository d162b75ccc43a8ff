// SPDX-License-Identifier: Apache-2.0
#include "server/process/own_metrics.h"

namespace spandrel::server {

net::Handler MakeOwnMetricsHandler(const base::MetricRegistry& metrics) {
  return [&metrics](const std::shared_ptr<net::ServerCall>& call) {
    const net::Request& request = call->request();
    const bool is_metrics = request.method == "GET" && request.path == "/metrics";
    if (!is_metrics) {
      return call->Respond(
          {404, {{"content-type", "text/plain"}}, "only GET /metrics is here\n", {}});
    }
    call->Respond({200,
                   {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}},
                   metrics.RenderPrometheus(),
                   {}});
  };
}

}  // namespace spandrel::server
