// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "net/http.h"
#include "net/io_runtime.h"

namespace spandrel::net {

struct ClientOutcome {
  base::Status status;       // not OK: there is no whole response
  bool unprocessed = false;  // the server surely has not looked at the request
  Response response;
};

// A request on its way to a server and the answer's way back.
struct ClientCall {
  Request request;  // method, target, authority, headers, body
  TimePoint deadline;
  size_t max_response_bytes = 0;
  // Told the status and headers when they are there. May be empty.
  std::function<void(const Response&)> on_headers;
  // Takes the response's body as it comes, false to cancel; empty: it is collected in the response.
  std::function<bool(std::string_view)> on_data;
  // Once, on an I/O thread.
  std::function<void(ClientOutcome)> done;
  int attempts = 0;

  // True when an outcome that says `unprocessed` may be tried again; counts the attempt.
  bool TakeAnotherAttempt() { return ++attempts < kMaxAttempts; }

 private:
  static constexpr int kMaxAttempts = 5;
};

// The duty to finish a call. Whoever drops it unfinished, say because the connection has closed
// before the call was sent, finishes it as unprocessed.
class CallTicket {
 public:
  using Finisher = std::function<void(std::shared_ptr<ClientCall>, ClientOutcome)>;

  CallTicket(std::shared_ptr<ClientCall> call, Finisher finisher)
      : call_(std::move(call)), finisher_(std::move(finisher)) {}
  CallTicket(const CallTicket&) = delete;
  CallTicket& operator=(const CallTicket&) = delete;
  ~CallTicket() {
    if (call_ == nullptr) return;
    ClientOutcome outcome;
    outcome.status = base::Status(base::StatusCode::kUnavailable, "connection closed");
    outcome.unprocessed = true;
    Finish(std::move(outcome));
  }

  ClientCall& call() { return *call_; }
  void Finish(ClientOutcome outcome) {
    if (call_ != nullptr) finisher_(std::exchange(call_, nullptr), std::move(outcome));
  }

 private:
  std::shared_ptr<ClientCall> call_;  // null when finished
  Finisher finisher_;
};

}  // namespace spandrel::net
