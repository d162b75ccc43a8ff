// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "net/endpoint.h"
#include "net/http.h"
#include "net/tls.h"

namespace spandrel::net {

// A few threads that run all sockets of the process. Share one between servers and clients.
class IoRuntime {
 public:
  explicit IoRuntime(size_t threads);
  ~IoRuntime();  // stops and joins

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// A request being answered. The handler gets it when the whole request has arrived and may answer
// at once or later, from any thread; a call that is dropped unanswered is answered with 500.
// Writing to a peer that has gone does nothing. Thread-safe.
class ServerCall {
 public:
  virtual ~ServerCall() = default;

  virtual const Request& request() const = 0;
  // Takes the body out; the reservation for its bytes comes with it.
  virtual std::string TakeBody(base::ByteBudget::Reservation* reservation) = 0;

  // The whole answer.
  virtual void Respond(Response response) = 0;

  // Or piece by piece: start, any number of writes, finish with trailers. Write returns the number
  // of bytes that wait to be sent, so that a producer can slow down.
  virtual void Start(int status, Headers headers) = 0;
  virtual size_t Write(std::string bytes) = 0;
  virtual void Finish(Headers trailers = {}) = 0;

  // True when the peer has gone or reset the stream.
  virtual bool cancelled() const = 0;
};

using Handler = std::function<void(std::shared_ptr<ServerCall>)>;

// Limits that keep one peer from taking everything (see docs/design and the advisories behind
// them).
struct ServerLimits {
  size_t max_body_bytes = 64 << 20;     // of the request as sent; 413 / RESOURCE_EXHAUSTED
  size_t max_header_bytes = 16 << 10;   // names and values of one request; 431
  size_t max_concurrent_streams = 100;  // HTTP/2
  size_t max_connections = 4096;
  size_t max_resets_per_second = 200;  // RST_STREAM, PING, SETTINGS and empty frames alike
  std::chrono::milliseconds header_timeout{10'000};  // from connect, or from a request's first byte
  std::chrono::milliseconds idle_timeout{60'000};
  size_t min_body_bytes_per_second = 1024;  // after body_grace
  std::chrono::milliseconds body_grace{5'000};
};

struct ServerOptions {
  Endpoint endpoint;
  std::optional<ServerTls> tls;
  ServerLimits limits;
  std::string name;  // label `server` of the metrics
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
