// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http/http.h"
#include "net/socket/endpoint.h"
#include "net/socket/io_runtime.h"
#include "net/socket/tls.h"

// gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): unary and
// server-streaming calls of a client. Messages are bytes; codecs live elsewhere.
namespace spandrel::net {

struct GrpcChannelOptions {
  Endpoint endpoint;
  ClientTls tls;
  std::string authority;  // default: the endpoint
  Headers headers;        // metadata of every call
  // Adds or replaces metadata of one call: credentials that change. On the caller's thread, at any
  // time; does not wait.
  std::function<void(Headers*)> authorize = {};
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

}  // namespace spandrel::net
