// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "base/status.h"
#include "net/http/http.h"

namespace spandrel::net {

// Takes the body of a request that was handed over by its head. One call at a time, on I/O threads.
class BodyListener {
 public:
  virtual ~BodyListener() = default;
  // The bytes that follow.
  virtual void OnBytes(std::string_view bytes) = 0;
  // Nothing comes any more: OK when the body is whole, else why it is not. Once, and last.
  virtual void OnEnd(const base::Status& status) = 0;
};

// A request being answered. The handler gets it when the whole request has arrived, unless it asked
// for its head (StreamCheck), and may answer at once or later, from any thread; a call that is
// dropped unanswered is answered with 500.
// Writing to a peer that has gone does nothing. Thread-safe.
class ServerCall {
 public:
  virtual ~ServerCall() = default;

  virtual const Request& request() const = 0;
  // Who sent the request, as whoever asked for a login says; empty when nobody did or they have no
  // name. Set before others see the call.
  const std::string& identity() const { return identity_; }
  void set_identity(std::string identity) { identity_ = std::move(identity); }
  // On whose behalf the sender may ask, as whoever asked for a login says; empty: anybody's.
  const std::vector<std::string>& tenants() const { return tenants_; }
  void set_tenants(std::vector<std::string> tenants) { tenants_ = std::move(tenants); }
  // Takes the body out; the reservation for its bytes comes with it.
  virtual std::string TakeBody(base::ByteBudget::Reservation* reservation) = 0;
  // Who is to be given the body as it comes, before the handler returns. False: it is here already,
  // to be taken.
  virtual bool Listen(std::shared_ptr<BodyListener> /*listener*/) { return false; }

  // The whole answer.
  virtual void Respond(Response response) = 0;

  // Or piece by piece: start, any number of writes, finish with trailers. Write returns the number
  // of bytes that wait to be sent, so that a producer can slow down.
  virtual void Start(int status, Headers headers) = 0;
  virtual size_t Write(std::string bytes) = 0;
  virtual void Finish(Headers trailers = {}) = 0;
  // Before Finish: waits until at most `at_most` bytes wait to be sent. False when that is not so
  // at `deadline`, or the peer has gone. Never on an I/O thread.
  virtual bool WaitUntilSent(size_t at_most, std::chrono::steady_clock::time_point deadline) = 0;

  // Memory of the answer that is to be held until it is sent or nobody takes it any more. Before
  // the answer's end.
  virtual void HoldUntilSent(base::ByteBudget::Reservation /*memory*/) {}

  // True when the peer has gone or reset the stream.
  virtual bool cancelled() const = 0;

 private:
  std::string identity_;
  std::vector<std::string> tenants_;
};

using Handler = std::function<void(std::shared_ptr<ServerCall>)>;

// Looks at the head of a request, without its body. An error is the answer (503, or gRPC's way to
// say it), and the body is not taken. Any thread.
using HeadCheck = std::function<base::Status(const Request&)>;

// Whether the handler gets a request by its head, to take the body as it comes (HTTP/2 only). Any
// thread.
using StreamCheck = std::function<bool(const Request&)>;

}  // namespace spandrel::net
