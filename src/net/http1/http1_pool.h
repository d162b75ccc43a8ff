// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "net/exchange/client_call.h"
#include "net/socket/connect.h"

namespace spandrel::net {

// Calls to one HTTP/1.1 server: one connection for each call under way, a few kept for the next
// ones. Thread-safe.
class Http1Pool : public std::enable_shared_from_this<Http1Pool> {
 public:
  Http1Pool(IoRuntime& runtime, Endpoint endpoint, ClientTls tls,
            std::chrono::milliseconds connect_timeout);

  const ConnectTarget& target() const { return target_; }
  // Finishes the call once, on an I/O thread. Every status names the endpoint.
  void Send(std::shared_ptr<ClientCall> call);
  // Fails everything under way, and what comes later, with CANCELLED.
  void Close();

 private:
  struct Open {
    std::shared_ptr<Connection> connection;  // null when the pool is closed
    std::shared_ptr<ConnectionEnd> end;
  };

  void SubmitTo(const Open& open, std::shared_ptr<ClientCall> call);
  void OnConnected(std::shared_ptr<ClientCall> call,
                   base::Result<std::shared_ptr<Connection>> connection);
  Open Adopt(std::shared_ptr<Connection> connection);
  void FinishCall(std::shared_ptr<ClientCall> call, ClientOutcome outcome);
  void OnIdle(Connection* connection);
  void OnGone(Connection* connection);

  IoRuntime::Impl& runtime_;
  const ConnectTarget target_;

  base::Mutex mutex_;
  std::unordered_map<Connection*, Open> connections_ SPANDREL_GUARDED_BY(mutex_);
  std::vector<Connection*> idle_ SPANDREL_GUARDED_BY(mutex_);  // newest last
  bool closed_ SPANDREL_GUARDED_BY(mutex_) = false;
};

}  // namespace spandrel::net
