// SPDX-License-Identifier: Apache-2.0
#include "server/process/own_metrics.h"

#include <utility>

#include "endpoints/probes.h"
#include "net/http/text_response.h"

namespace spandrel::server {

std::shared_ptr<const pipeline::ConfigBase> DecodeOwnMetrics(config::Decoder& prometheus) {
  auto config = std::make_shared<OwnMetricsConfig>();
  endpoints::DecodeSecurity(prometheus, &config->listener);
  // A reload may replace the extension, and this listener would go on with the old one.
  const config::Reference extension = config->listener.authenticator();
  if (!extension.id.empty()) {
    prometheus.Error("auth", "write 'basic' or 'bearer' here instead of naming an extension");
  }
  return config;
}

net::Handler MakeOwnMetricsHandler(const base::MetricRegistry& metrics) {
  return [&metrics](const std::shared_ptr<net::ServerCall>& call) {
    const net::Request& request = call->request();
    const bool is_metrics = request.method == "GET" && request.path == "/metrics";
    if (!is_metrics) {
      return call->Respond(net::TextResponse(404, "only GET /metrics is here"));
    }
    call->Respond({200,
                   {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}},
                   metrics.RenderPrometheus(),
                   {}});
  };
}

net::Handler WithProbes(std::shared_ptr<const endpoints::Gate> gate,
                        const base::HealthBoard& health, net::Handler other) {
  return [gate = std::move(gate), &health,
          other = std::move(other)](std::shared_ptr<net::ServerCall> call) {
    const net::Request& request = call->request();
    auto probe = endpoints::AnswerProbe(&health, endpoints::Asking::kAnswered, request);
    if (!probe || request.method != "GET") return other(std::move(call));
    const auto refusal = gate->CheckHost(request);
    call->Respond(refusal ? endpoints::ResponseOf(request, *refusal) : *std::move(probe));
  };
}

}  // namespace spandrel::server
