// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "net/client.h"
#include "net/server.h"

// gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): unary and
// server-streaming calls. Messages are bytes; codecs live elsewhere.
namespace spandrel::net {

// One gRPC call being answered. Thread-safe, answer from any thread.
class GrpcCall {
 public:
  virtual ~GrpcCall() = default;
  virtual const Request& request() const = 0;  // metadata is in its headers
  // The request message, decompressed; the reservation for its bytes comes with it.
  virtual std::string TakeMessage(base::ByteBudget::Reservation* reservation) = 0;
  // Server-streaming: any number of messages, then Finish. Returns bytes waiting to be sent.
  virtual size_t Write(std::string_view message) = 0;
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

  static bool IsGrpc(const Request& request);
  void operator()(std::shared_ptr<ServerCall> call) const;

 private:
  void Refuse(ServerCall& call, const base::Status& status) const;

  base::ByteBudget& memory_;
  const size_t max_message_bytes_;
  std::map<base::StatusCode, base::Counter*> refused_;  // empty without metrics
  std::map<std::string, GrpcHandler, std::less<>> handlers_;
};

struct GrpcChannelOptions {
  Endpoint endpoint;
  ClientTls tls;
  std::string authority;    // default: the endpoint
  Headers headers;          // metadata of every call
  std::string compression;  // "", gzip, zstd
  std::string user_agent = "spandrel";
  size_t max_response_bytes = 4 << 20;
};

// A connection to one gRPC server, made when needed, made again when lost, resolved again each
// time. Thread-safe; many calls at once.
class GrpcChannel {
 public:
  GrpcChannel(IoRuntime& runtime, GrpcChannelOptions options);
  ~GrpcChannel();  // fails calls under way with CANCELLED

  struct Reply {
    base::Status status;  // with retry_after when the server sent RetryInfo
    std::string message;  // the response when OK
  };
  using ReplyCallback = std::function<void(Reply)>;
  // Calls back exactly once, on an I/O thread. Connection failures are UNAVAILABLE and name the
  // endpoint; `timeout` is sent as grpc-timeout and kept here.
  void Unary(std::string_view path, std::string_view message, std::chrono::milliseconds timeout,
             ReplyCallback done);
  // The same, waiting.
  Reply UnaryAndWait(std::string_view path, std::string_view message,
                     std::chrono::milliseconds timeout);
  // `on_message` is called for each message in order, on an I/O thread, then `done` once.
  void ServerStreaming(std::string_view path, std::string_view message,
                       std::chrono::milliseconds timeout,
                       std::function<void(std::string)> on_message,
                       std::function<void(base::Status)> done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// The gRPC code of an HTTP status without grpc-status, and the HTTP status for a code as OTLP/HTTP
// servers answer (specification 1.11: UNAVAILABLE 503, RESOURCE_EXHAUSTED 429 or 413, ...).
base::StatusCode GrpcCodeOfHttpStatus(int http_status);
int HttpStatusOfCode(const base::Status& status);

// google.rpc.Status with an optional google.rpc.RetryInfo detail: body of OTLP/HTTP errors and
// content of grpc-status-details-bin.
std::string EncodeRpcStatus(const base::Status& status);
std::string EncodeRpcStatusJson(const base::Status& status);
// Reads RetryInfo's delay out of an encoded google.rpc.Status; nothing when there is none or it is
// malformed. Input is capped at 64 KiB.
std::optional<std::chrono::milliseconds> DecodeRetryDelay(std::string_view rpc_status);

}  // namespace spandrel::net
