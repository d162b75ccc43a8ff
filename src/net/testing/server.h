// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "net/exchange/server_limits.h"
#include "net/grpc/grpc_channel.h"
#include "net/peer/server.h"
#include "net/socket/io_runtime.h"

namespace spandrel::net::testing {

constexpr std::chrono::milliseconds kPatience{10'000};

// A server on a free port of 127.0.0.1, with all it needs.
class TestServer {
 public:
  explicit TestServer(Handler handler, ServerLimits limits = {}, std::optional<ServerTls> tls = {},
                      size_t memory_bytes = 256 << 20, HeadCheck admit = {},
                      StreamCheck streams = {})
      : memory(memory_bytes), handler_(std::move(handler)) {
    ServerOptions options;
    options.endpoint = {"127.0.0.1", 0};
    options.limits = limits;
    options.tls = std::move(tls);
    options.name = "test";
    options.admit = std::move(admit);
    options.streams = std::move(streams);
    server = std::make_unique<Server>(runtime, std::move(options), metrics, memory, handler_);
    const base::Status status = server->Start();
    SPANDREL_CHECK(status.ok());
  }

  Endpoint endpoint() const { return server->bound(); }
  uint64_t Refused(const std::string& reason) {
    return metrics
        .AddCounter("spandrel_net_refused_requests_total", {{"server", "test"}, {"reason", reason}})
        .value();
  }

  base::MetricRegistry metrics;
  base::ByteBudget memory;
  IoRuntime runtime{2};
  std::unique_ptr<Server> server;

 private:
  Handler handler_;
};

inline GrpcChannelOptions PlainChannel(const Endpoint& endpoint) {
  GrpcChannelOptions options;
  options.endpoint = endpoint;
  options.tls.insecure = true;
  return options;
}

}  // namespace spandrel::net::testing
