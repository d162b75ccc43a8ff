// SPDX-License-Identifier: Apache-2.0
#include "net/exchange/server_exchange.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "net/socket/connection.h"

namespace spandrel::net {
namespace {

constexpr size_t kShortAnswerBytes = 4 << 10;

}  // namespace

void ExchangeState::Cancel() {
  cancelled_ = true;
  WakeWaiters();
}

void ExchangeState::SetListener(std::shared_ptr<BodyListener> listener) {
  const base::MutexLock lock(mutex_);
  listener_ = std::move(listener);
}

std::shared_ptr<BodyListener> ExchangeState::TakeListener() {
  const base::MutexLock lock(mutex_);
  return std::exchange(listener_, nullptr);
}

void ExchangeState::Hold(base::ByteBudget::Reservation memory) {
  const base::MutexLock lock(mutex_);
  held_ = std::move(memory);
}

bool ExchangeState::HoldWhole(base::ByteBudget& memory, size_t bytes) {
  if (bytes <= kShortAnswerBytes) return true;
  const base::MutexLock lock(mutex_);
  return held_.bytes() > 0 || memory.TryReserve(bytes, &held_);
}

void ExchangeState::OnSent(size_t count) {
  size_t unsent = unsent_bytes_.load();
  while (!unsent_bytes_.compare_exchange_weak(unsent, unsent - std::min(unsent, count))) {
  }
  WakeWaiters();
}

// A waiter counts itself before it looks, so that whoever changes something later sees it here.
void ExchangeState::WakeWaiters() {
  if (waiters_ == 0) return;
  const base::MutexLock lock(mutex_);
  changed_.NotifyAll();
}

bool ExchangeState::WaitUntilSent(size_t at_most, TimePoint deadline) {
  base::MutexLock lock(mutex_);
  ++waiters_;
  const bool is_over =
      changed_.WaitUntil(lock, deadline, [&] { return cancelled_ || unsent_bytes_ <= at_most; });
  --waiters_;
  return is_over && !cancelled_;
}

ServerExchange::ServerExchange(std::shared_ptr<const ServerCore> core,
                               std::weak_ptr<Connection> connection, ServerProtocol* protocol,
                               int64_t id, Request request,
                               base::ByteBudget::Reservation reservation,
                               std::shared_ptr<ExchangeState> state, BodyComes body_comes)
    : core_(std::move(core)),
      connection_(std::move(connection)),
      protocol_(protocol),
      id_(id),
      state_(std::move(state)),
      body_comes_(body_comes),
      request_(std::move(request)),
      reservation_(std::move(reservation)) {}

ServerExchange::~ServerExchange() {
  if (Advance(kStarted, kFinished)) {
    Send([id = id_](ServerProtocol& protocol) { protocol.AbortResponse(id); });
    return;
  }
  if (stage_ != kUnanswered || connection_.expired()) return;
  if (cancelled()) {
    // Nobody reads an answer, but the connection may still be there and wait for one.
    Send([id = id_](ServerProtocol& protocol) { protocol.AbortResponse(id); });
    return;
  }
  core_->refusals.Add(Refusal::kUnanswered);
  Respond(RefusalResponse(request_, 500, {base::StatusCode::kInternal, "no answer"}));
}

bool ServerExchange::Advance(Stage from, Stage to) {
  int expected = from;
  return stage_.compare_exchange_strong(expected, to);
}

template <typename Answer>
void ServerExchange::Send(Answer answer) {
  const std::shared_ptr<Connection> connection = connection_.lock();
  if (connection == nullptr) return;
  connection->Submit(
      [answer = std::move(answer), protocol = protocol_](Protocol&) mutable { answer(*protocol); });
}

std::string ServerExchange::TakeBody(base::ByteBudget::Reservation* reservation) {
  const base::MutexLock lock(body_mutex_);
  *reservation = std::move(reservation_);
  return std::move(request_.body);
}

bool ServerExchange::Listen(std::shared_ptr<BodyListener> listener) {
  if (body_comes_ == BodyComes::kWhole) return false;
  state_->SetListener(std::move(listener));
  return true;
}

void ServerExchange::Respond(Response response) {
  if (!Advance(kUnanswered, kFinished)) return;
  Send([id = id_, response = std::move(response)](ServerProtocol& protocol) mutable {
    protocol.Respond(id, std::move(response));
  });
}

void ServerExchange::Start(int status, Headers headers) {
  if (!Advance(kUnanswered, kStarted)) return;
  Send([id = id_, status, headers = std::move(headers)](ServerProtocol& protocol) mutable {
    protocol.StartResponse(id, status, std::move(headers));
  });
}

size_t ServerExchange::Write(std::string bytes) {
  if (stage_ != kStarted || cancelled()) return 0;
  const size_t unsent = state_->AddUnsent(bytes.size());
  Send([id = id_, bytes = std::move(bytes)](ServerProtocol& protocol) mutable {
    protocol.WriteResponse(id, std::move(bytes));
  });
  return unsent;
}

bool ServerExchange::WaitUntilSent(size_t at_most, TimePoint deadline) {
  return state_->WaitUntilSent(at_most, deadline);
}

void ServerExchange::Finish(Headers trailers) {
  if (!Advance(kStarted, kFinished)) return;
  Send([id = id_, trailers = std::move(trailers)](ServerProtocol& protocol) mutable {
    protocol.FinishResponse(id, std::move(trailers));
  });
}

void Dispatch(const ServerCore& core, std::shared_ptr<ServerCall> call) {
  try {
    core.handler(std::move(call));
  } catch (const std::exception& error) {
    base::LogError("request handler failed: {}", error.what());
  }
}

}  // namespace spandrel::net
