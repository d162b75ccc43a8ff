// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "net/exchange/server_call.h"
#include "net/http/http.h"

// gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): unary and
// streaming calls. Messages are bytes; codecs live elsewhere.
namespace spandrel::net {

// One gRPC call being answered. Thread-safe, answer from any thread.
class GrpcCall {
 public:
  virtual ~GrpcCall() = default;
  virtual const Request& request() const = 0;       // metadata is in its headers
  virtual const std::string& identity() const = 0;  // as ServerCall's
  virtual const std::vector<std::string>& tenants() const = 0;
  // The request message, decompressed; the reservation for its bytes comes with it.
  virtual std::string TakeMessage(base::ByteBudget::Reservation* reservation) = 0;
  // Server-streaming: any number of messages, then Finish. Returns bytes waiting to be sent.
  virtual size_t Write(std::string_view message) = 0;
  // As ServerCall's.
  virtual bool WaitUntilSent(size_t at_most, std::chrono::steady_clock::time_point deadline) = 0;
  // Trailing metadata that ends the call beside its status.
  virtual void AddTrailer(std::string name, std::string value) = 0;
  // As ServerCall's.
  virtual void HoldUntilSent(base::ByteBudget::Reservation /*memory*/) {}
  // Ends the call. A retry_after of the status is sent as google.rpc.RetryInfo in
  // `grpc-status-details-bin`.
  virtual void Finish(const base::Status& status) = 0;
  // Unary: one message and OK.
  void Reply(std::string_view message) {
    Write(message);
    Finish({});
  }
  virtual bool cancelled() const = 0;
};

using GrpcHandler = std::function<void(std::shared_ptr<GrpcCall>)>;

// Takes the requests of a streaming call. One call at a time, on I/O threads.
class GrpcRequests {
 public:
  virtual ~GrpcRequests() = default;
  virtual void OnMessage(std::string message, base::ByteBudget::Reservation reservation) = 0;
  // Nothing comes any more: OK when the client has sent all, else what is wrong with what came, or
  // why it ended. Once, and last.
  virtual void OnEnd(const base::Status& status) = 0;
};
// Returns who takes the requests, or null when it has ended the call.
using GrpcStreamHandler =
    std::function<std::shared_ptr<GrpcRequests>(const std::shared_ptr<GrpcCall>&)>;

// Sends gRPC requests (content-type application/grpc) to handlers by their path; UNIMPLEMENTED for
// others. Message size limits hold after decompression too (gzip, deflate, zstd; identity).
class GrpcRouter {
 public:
  // With `metrics`, calls refused before a handler saw them are counted by the status they got:
  // `spandrel_grpc_refused_calls_total{code}`.
  explicit GrpcRouter(base::ByteBudget& memory, size_t max_message_bytes = 64 << 20,
                      base::MetricRegistry* metrics = nullptr);
  // `path` is "/package.Service/Method". Not thread-safe: before the server starts.
  void Handle(std::string path, GrpcHandler handler);
  // For calls whose client sends any number of messages, each up to `max_message_bytes`, and may
  // wait for answers in between. The server must be told of them (ServerOptions::streams) for that.
  void HandleStream(std::string path, size_t max_message_bytes, GrpcStreamHandler handler);
  // As net::StreamCheck: whether it is such a call.
  bool IsStreamed(const Request& request) const;

  void operator()(std::shared_ptr<ServerCall> call) const;

 private:
  struct Stream {
    size_t max_message_bytes;
    GrpcStreamHandler handler;
  };

  void Refuse(ServerCall& call, const base::Status& status) const;
  void Answer(const GrpcHandler& handler, std::shared_ptr<ServerCall> call) const;
  void Answer(const Stream& stream, std::shared_ptr<ServerCall> call) const;

  base::ByteBudget& memory_;
  const size_t max_message_bytes_;
  std::map<base::StatusCode, base::Counter*> refused_;  // empty without metrics
  std::map<std::string, GrpcHandler, std::less<>> handlers_;
  std::map<std::string, Stream, std::less<>> streams_;
};

}  // namespace spandrel::net
