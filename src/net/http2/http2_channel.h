// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "net/exchange/client_call.h"
#include "net/http2/http2_client.h"
#include "net/socket/asio_runtime.h"
#include "net/socket/connect.h"

namespace spandrel::net {

// Calls to one HTTP/2 server. Keeps one connection, made when the first call needs it and again
// after it was lost; a call that the server has surely not seen is sent again, a few times.
// Thread-safe.
class Http2Channel : public std::enable_shared_from_this<Http2Channel> {
 public:
  Http2Channel(IoRuntime& runtime, Endpoint endpoint, ClientTls tls,
               std::chrono::milliseconds connect_timeout);

  const ConnectTarget& target() const { return target_; }
  // Finishes the call once, on an I/O thread. Every status names the endpoint.
  void Send(std::shared_ptr<ClientCall> call);
  // Fails everything under way, and what comes later, with CANCELLED.
  void Close();

 private:
  using Calls = std::vector<std::shared_ptr<ClientCall>>;

  void Connect();
  void OnConnected(base::Result<std::shared_ptr<Connection>> connection);
  void SubmitToActive(std::shared_ptr<ClientCall> call) SPANDREL_REQUIRES(mutex_);
  void FinishCall(std::shared_ptr<ClientCall> call, ClientOutcome outcome);
  void FailLater(Calls calls, const base::Status& status);
  void ArmWaitingTimer() SPANDREL_REQUIRES(mutex_);
  void ExpireWaiting();
  void Retire(const Connection* connection);

  IoRuntime::Impl& runtime_;
  const ConnectTarget target_;
  const Strand strand_;

  base::Mutex mutex_;
  Timer waiting_timer_ SPANDREL_GUARDED_BY(mutex_);
  Calls waiting_ SPANDREL_GUARDED_BY(mutex_);                       // for the connection being made
  std::shared_ptr<Connection> active_ SPANDREL_GUARDED_BY(mutex_);  // takes new calls
  std::shared_ptr<ConnectionEnd> active_end_ SPANDREL_GUARDED_BY(mutex_);
  // All open.
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> connections_
      SPANDREL_GUARDED_BY(mutex_);
  bool connecting_ SPANDREL_GUARDED_BY(mutex_) = false;
  bool closed_ SPANDREL_GUARDED_BY(mutex_) = false;
};

}  // namespace spandrel::net
