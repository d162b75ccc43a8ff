// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "api/grpc/rpc_router.h"
#include "base/mutex.h"
#include "base/status.h"
#include "net/grpc/grpc_server.h"

namespace spandrel::api {

// `grpc.health.v1.Health` for the server ("") and for its services, without a login: they serve
// until the server stops. `Check` answers once. `Watch` answers at once and again when that
// changes, and keeps the call open meanwhile: 1,000 of them, 100 of one peer. Thread-safe.
class HealthService {
 public:
  // Outlived by `router`, whose last call is answered before this goes.
  explicit HealthService(RpcRouter& router);

  // From now on nothing serves. Whoever watches is told, and their calls end.
  void Stop();

 private:
  enum class Serving : uint8_t { kServing = 1, kNotServing = 2, kServiceUnknown = 3 };
  using Watcher = std::shared_ptr<net::GrpcCall>;

  base::Status Check(const RpcRequest& request, RpcSink& sink);
  void Watch(const Watcher& call);
  // Those whose clients have gone make room.
  base::Status MakeRoomFor(const net::GrpcCall& call) SPANDREL_REQUIRES(mutex_);
  static std::string ResponseOf(Serving serving);

  RpcRouter& router_;
  base::Mutex mutex_;
  bool is_stopping_ SPANDREL_GUARDED_BY(mutex_) = false;
  std::vector<Watcher> watchers_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::api
