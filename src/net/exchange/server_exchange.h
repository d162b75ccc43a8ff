// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "net/exchange/server_core.h"
#include "net/socket/protocol.h"

namespace spandrel::net {

class Connection;

// What a connection and the answerer of one of its requests tell each other, from any thread.
class ExchangeState {
 public:
  // The peer has gone.
  void Cancel();
  bool cancelled() const { return cancelled_; }

  // Who takes the body as it comes: set by the handler, taken by the connection when the handler
  // returns.
  void SetListener(std::shared_ptr<BodyListener> listener);
  std::shared_ptr<BodyListener> TakeListener();

  // What the answer occupies, held until it is sent or nobody takes it any more.
  void Hold(base::ByteBudget::Reservation memory);
  // The same for an answer that is given whole, unless whoever made it has handed over what it
  // reserved; what is short costs too little to count. False when there is no room.
  bool HoldWhole(base::ByteBudget& memory, size_t bytes);

  // Returns what waits to be sent with what is added now.
  size_t AddUnsent(size_t count) { return unsent_bytes_.fetch_add(count) + count; }
  // `count` may include framing that nobody added.
  void OnSent(size_t count);
  // As ServerCall::WaitUntilSent.
  bool WaitUntilSent(size_t at_most, TimePoint deadline);

 private:
  void WakeWaiters();

  std::atomic<bool> cancelled_{false};
  std::atomic<size_t> unsent_bytes_{0};
  std::atomic<int> waiters_{0};
  base::Mutex mutex_;  // also orders waiting and waking
  base::CondVar changed_;
  base::ByteBudget::Reservation held_ SPANDREL_GUARDED_BY(mutex_);
  std::shared_ptr<BodyListener> listener_ SPANDREL_GUARDED_BY(mutex_);
};

// The serving side of a protocol: takes answers by the number of the exchange. On the strand; an
// exchange that has gone is ignored.
class ServerProtocol : public Protocol {
 public:
  virtual void Respond(int64_t exchange, Response response) = 0;
  virtual void StartResponse(int64_t exchange, int status, Headers headers) = 0;
  virtual void WriteResponse(int64_t exchange, std::string bytes) = 0;
  virtual void FinishResponse(int64_t exchange, Headers trailers) = 0;
  // The answer has begun and will never be finished.
  virtual void AbortResponse(int64_t exchange) = 0;
};

enum class BodyComes : bool { kWhole, kInPieces };

// A request in the hands of its handler. Answers travel to the connection's strand; the exchange
// does not keep the connection alive.
class ServerExchange final : public ServerCall {
 public:
  ServerExchange(std::shared_ptr<const ServerCore> core, std::weak_ptr<Connection> connection,
                 ServerProtocol* protocol, int64_t id, Request request,
                 base::ByteBudget::Reservation reservation, std::shared_ptr<ExchangeState> state,
                 BodyComes body_comes = BodyComes::kWhole);
  ~ServerExchange() override;

  const Request& request() const override { return request_; }
  std::string TakeBody(base::ByteBudget::Reservation* reservation) override;
  bool Listen(std::shared_ptr<BodyListener> listener) override;
  void Respond(Response response) override;
  void Start(int status, Headers headers) override;
  size_t Write(std::string bytes) override;
  void Finish(Headers trailers) override;
  bool WaitUntilSent(size_t at_most, TimePoint deadline) override;
  void HoldUntilSent(base::ByteBudget::Reservation memory) override {
    state_->Hold(std::move(memory));
  }
  bool cancelled() const override { return state_->cancelled(); }

 private:
  enum Stage : int { kUnanswered, kStarted, kFinished };

  bool Advance(Stage from, Stage to);
  template <typename Answer>
  void Send(Answer answer);

  const std::shared_ptr<const ServerCore> core_;
  const std::weak_ptr<Connection> connection_;
  ServerProtocol* const protocol_;  // lives while its connection is open
  const int64_t id_;
  const std::shared_ptr<ExchangeState> state_;
  const BodyComes body_comes_;
  std::atomic<int> stage_{kUnanswered};

  base::Mutex body_mutex_;
  Request request_;  // immutable, but for its body, which is taken with body_mutex_ held
  base::ByteBudget::Reservation reservation_ SPANDREL_GUARDED_BY(body_mutex_);
};

// Hands a complete request to the handler; whatever the handler throws is logged, and the request
// answered with 500.
void Dispatch(const ServerCore& core, std::shared_ptr<ServerCall> call);

}  // namespace spandrel::net
