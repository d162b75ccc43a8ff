// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "net/grpc/grpc_server.h"

namespace spandrel::endpoints {

// `grpc.health.v1.Health` of a server ("") and its services. `Check` answers once. `Watch` answers
// at once and again when that changes, which is looked at once a second, and keeps the call open
// meanwhile: 1,000 of them, 100 of one peer. Owns a thread from the first Watch on. Thread-safe.
class GrpcHealth {
 public:
  struct Service {
    std::string name;
    std::function<bool()> serves;  // quick; called from any thread
  };
  // Ends a call.
  using Finish = std::function<void(net::GrpcCall& call, const base::Status& status)>;

  explicit GrpcHealth(std::vector<Service> services, Finish finish = FinishCall);
  // Stops.
  ~GrpcHealth();

  void Check(const std::shared_ptr<net::GrpcCall>& call);
  void Watch(const std::shared_ptr<net::GrpcCall>& call);

  // From now on nothing serves. Whoever watches is told, and their calls end.
  void Stop();

 private:
  enum class Serving : uint8_t { kServing = 1, kNotServing = 2, kServiceUnknown = 3 };
  using Call = std::shared_ptr<net::GrpcCall>;
  struct Watcher {
    Call call;
    const Service* service = nullptr;  // null: it is not known
    Serving told = Serving::kServiceUnknown;
  };

  static void FinishCall(net::GrpcCall& call, const base::Status& status) { call.Finish(status); }
  const Service* Find(std::string_view name) const;
  Serving StateOf(const Service* service) const SPANDREL_REQUIRES(mutex_);
  // Those whose clients have gone make room.
  base::Status MakeRoomFor(const net::GrpcCall& call) SPANDREL_REQUIRES(mutex_);
  void KeepTelling();
  void TellChanges() SPANDREL_REQUIRES(mutex_);

  const std::vector<Service> services_;
  const Finish finish_;
  base::Mutex mutex_;
  base::CondVar stopped_;
  bool is_stopping_ SPANDREL_GUARDED_BY(mutex_) = false;
  std::vector<Watcher> watchers_ SPANDREL_GUARDED_BY(mutex_);
  std::thread thread_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::endpoints
