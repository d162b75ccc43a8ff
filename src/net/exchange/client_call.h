// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"
#include "net/http/http.h"
#include "net/socket/steady_time.h"

namespace spandrel::net {

struct ClientOutcome {
  base::Status status;       // not OK: there is no whole response
  bool unprocessed = false;  // the server surely has not looked at the request
  Response response;
  bool unexplained = false;  // the connection went without a reason
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

  // True when the call is to be sent again: `outcome` says that it may be, and it was not tried
  // too often. Else `outcome` is the last, and tells the reason of an earlier attempt too.
  bool TakeAnotherAttempt(ClientOutcome& outcome);

 private:
  static constexpr int kMaxAttempts = 5;

  int attempts_ = 0;
  base::Status first_failure_;  // the first with a reason; OK while there is none
};

// Whether a client's connection came up and why it ended: what a call gets that it takes down.
// Shared by the connection's protocol and the tickets of its calls, which may be dropped after both
// the protocol and the connection are gone. Thread-safe.
class ConnectionEnd {
 public:
  // The handshake is over and calls can be sent.
  void SetUp();
  // OK says nothing. The first reason counts, since what follows comes of it; only CANCELLED, which
  // is our own doing, comes before others.
  void Note(const base::Status& why);

  // For a call that was not sent. It may be sent again, unless the connection never came up: then
  // the next one would not either.
  ClientOutcome Unsent() const;
  // For a call of which the server may know.
  ClientOutcome Lost() const;

 private:
  mutable base::Mutex mutex_;
  base::Status why_ SPANDREL_GUARDED_BY(mutex_);
  bool up_ SPANDREL_GUARDED_BY(mutex_) = false;
};

// The duty to finish a call. Whoever drops it unfinished, say because the connection has closed
// before the call was sent, finishes it as unsent.
class CallTicket {
 public:
  using Finisher = std::function<void(std::shared_ptr<ClientCall>, ClientOutcome)>;

  // `end` is that of the connection that is to carry the call.
  CallTicket(std::shared_ptr<ClientCall> call, std::shared_ptr<const ConnectionEnd> end,
             Finisher finisher)
      : call_(std::move(call)), end_(std::move(end)), finisher_(std::move(finisher)) {}
  CallTicket(const CallTicket&) = delete;
  CallTicket& operator=(const CallTicket&) = delete;
  ~CallTicket() {
    if (call_ != nullptr) Finish(end_->Unsent());
  }

  ClientCall& call() { return *call_; }
  void Finish(ClientOutcome outcome) {
    if (call_ != nullptr) finisher_(std::exchange(call_, nullptr), std::move(outcome));
  }

 private:
  std::shared_ptr<ClientCall> call_;  // null when finished
  const std::shared_ptr<const ConnectionEnd> end_;
  Finisher finisher_;
};

}  // namespace spandrel::net
