// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/query_queue.h"
#include "api/http/steps.h"
#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "net/exchange/server_call.h"
#include "net/grpc/grpc_server.h"
#include "storage/query_context.h"

namespace spandrel::api {

// Bytes of one message of an answer, about. gRPC clients take 4 MiB unless they are told otherwise.
inline constexpr size_t kMaxRpcMessageBytes = 2 << 20;

struct RpcRequest {
  std::string_view message;
  const storage::QueryContext& context;
};

// Where a handler puts its messages.
class RpcSink {
 public:
  virtual ~RpcSink() = default;
  // Waits while too many bytes wait for the reader. An error says that nobody reads any more.
  virtual base::Status Write(std::string_view message) = 0;
};

// Answers with the messages that it writes, then with the status.
using RpcHandler = std::function<base::Status(const RpcRequest&, RpcSink&)>;
// Keeps the call, answers when it likes, and ends it with RpcRouter::Finish.
using KeptRpcHandler = std::function<void(const std::shared_ptr<net::GrpcCall>&)>;

// gRPC's counterpart of `Router`: every call passes the same `Steps` before its handler, with
// `grpc-timeout` as what the client asks for, and waits in the same queue. Handlers are added
// before the server starts; after that, thread-safe.
class RpcRouter {
 public:
  // All outlive the router; `memory` may be null: not bounded.
  RpcRouter(const Steps& steps, base::ByteBudget* memory, QueryQueue& queue,
            base::MetricRegistry& metrics);

  // `path` is "/package.Service/Method".
  void Handle(const std::string& path, RpcHandler handler, Cost cost = Cost::kLong);
  // For handlers that never wait, and for everybody, who need not log in.
  void HandleOpen(const std::string& path, RpcHandler handler);
  // For calls that stay open, and for everybody. The handler does not wait.
  void HandleKept(const std::string& path, KeptRpcHandler handler);
  // For calls whose requests come one by one, and which ask the store nothing. The handler does not
  // wait.
  void HandleStream(const std::string& path, net::GrpcStreamHandler handler);

  // The router must live until every call it was given is answered.
  void operator()(const std::shared_ptr<net::ServerCall>& call) const { router_(call); }

  // As net::StreamCheck: whether its requests come one by one.
  bool IsStreamed(const net::Request& request) const { return router_.IsStreamed(request); }

  // The paths of those that need a login.
  const std::vector<std::string>& guarded() const { return guarded_; }
  // "package.Service" of all that is handled, in order.
  const std::set<std::string>& services() const { return services_; }

  // Ends a call and counts how.
  void Finish(net::GrpcCall& call, const base::Status& status) const;

 private:
  void AddService(std::string_view path);
  void Admit(const RpcHandler& handler, Cost cost,
             const std::shared_ptr<net::GrpcCall>& call) const;
  void Run(const RpcHandler& handler, const Admission& admission, net::GrpcCall& call) const;

  const Steps& steps_;
  QueryQueue& queue_;
  std::vector<base::Counter*> answers_;  // by status
  std::vector<std::string> guarded_;
  std::set<std::string> services_;
  base::ByteBudget unbounded_;
  net::GrpcRouter router_;
};

// A grpc-timeout: digits and a unit, "10S", "250m". INVALID_ARGUMENT for what is not one.
base::Result<std::optional<std::chrono::nanoseconds>> ParseGrpcTimeout(std::string_view text);

}  // namespace spandrel::api
