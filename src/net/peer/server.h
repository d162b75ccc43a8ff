// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "net/exchange/server_call.h"
#include "net/exchange/server_limits.h"
#include "net/socket/endpoint.h"
#include "net/socket/io_runtime.h"
#include "net/socket/tls.h"

namespace spandrel::net {

struct ServerOptions {
  Endpoint endpoint;
  std::optional<ServerTls> tls;
  ServerLimits limits;
  std::string name;          // label `server` of the metrics
  HeadCheck admit = {};      // empty: every request is read
  StreamCheck streams = {};  // empty: every request is handed over when it is whole
};

// One listening socket that speaks HTTP/1.1 and HTTP/2 (with prior knowledge, or by ALPN under TLS)
// and hands every complete request to one handler, on an I/O thread: a handler that takes long
// moves its work elsewhere. Counts refused requests by reason in the registry
// (`spandrel_net_refused_requests_total{server,reason}`). Request bodies are reserved from the
// budget before they are read: 503 + Retry-After / UNAVAILABLE when there is no room.
class Server {
 public:
  Server(IoRuntime& runtime, ServerOptions options, base::MetricRegistry& metrics,
         base::ByteBudget& memory, Handler handler);
  ~Server();

  // Binds and listens. The message of a failure names the address and the reason.
  base::Status Start();
  // Where it listens: the real port when 0 was asked for.
  Endpoint bound() const;
  // No new connections or requests; waits for answers under way until `deadline`, then closes.
  void Shutdown(std::chrono::steady_clock::time_point deadline);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace spandrel::net
