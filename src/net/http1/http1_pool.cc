// SPDX-License-Identifier: Apache-2.0
#include "net/http1/http1_pool.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/mutex.h"
#include "net/http1/http1_client.h"
#include "net/socket/asio_runtime.h"

namespace spandrel::net {
namespace {

constexpr size_t kMaxIdleConnections = 8;

base::Status Closed() {
  return {base::StatusCode::kCancelled, "client closed"};
}

ClientOutcome Failure(base::Status status) {
  ClientOutcome outcome;
  outcome.status = std::move(status);
  return outcome;
}

}  // namespace

Http1Pool::Http1Pool(IoRuntime& runtime, Endpoint endpoint, ClientTls tls,
                     std::chrono::milliseconds connect_timeout)
    : runtime_(runtime.impl()),
      target_(std::move(endpoint), std::move(tls), "http/1.1", connect_timeout) {}

void Http1Pool::Send(std::shared_ptr<ClientCall> call) {
  const base::MutexLock lock(mutex_);
  if (closed_) {
    asio::post(runtime_.context, [self = shared_from_this(), call = std::move(call)] {
      self->FinishCall(call, Failure(Closed()));
    });
    return;
  }
  if (!idle_.empty()) {
    Connection* const connection = idle_.back();
    idle_.pop_back();
    return SubmitTo(connections_.at(connection), std::move(call));
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(call->deadline - SteadyClock::now());
  target_.Connect(
      runtime_, std::min(target_.connect_timeout(), left),
      [self = shared_from_this(), call](base::Result<std::shared_ptr<Connection>> connection) {
        self->OnConnected(call, std::move(connection));
      });
}

void Http1Pool::OnConnected(std::shared_ptr<ClientCall> call,
                            base::Result<std::shared_ptr<Connection>> connection) {
  if (!connection.ok()) return FinishCall(std::move(call), Failure(connection.status()));
  const Open adopted = Adopt(std::move(*connection));
  if (adopted.connection == nullptr) return FinishCall(std::move(call), Failure(Closed()));
  SubmitTo(adopted, std::move(call));
}

Http1Pool::Open Http1Pool::Adopt(std::shared_ptr<Connection> connection) {
  const base::MutexLock lock(mutex_);
  if (closed_) return {};
  Connection* const key = connection.get();
  Open open{connection, std::make_shared<ConnectionEnd>()};
  connections_.emplace(key, open);
  connection->set_on_closed([self = shared_from_this(), key] { self->OnGone(key); });
  connection->Start(std::make_unique<Http1Client>(open.end, [weak = weak_from_this(), key] {
    if (const auto self = weak.lock()) self->OnIdle(key);
  }));
  return open;
}

void Http1Pool::SubmitTo(const Open& open, std::shared_ptr<ClientCall> call) {
  auto ticket = std::make_shared<CallTicket>(
      std::move(call), open.end,
      [self = shared_from_this()](std::shared_ptr<ClientCall> finished, ClientOutcome outcome) {
        self->FinishCall(std::move(finished), std::move(outcome));
      });
  open.connection->Submit([ticket = std::move(ticket)](Protocol& protocol) {
    static_cast<Http1Client&>(protocol).Call(ticket);
  });
}

void Http1Pool::FinishCall(std::shared_ptr<ClientCall> call, ClientOutcome outcome) {
  if (call->TakeAnotherAttempt(outcome)) return Send(std::move(call));
  outcome.status = outcome.status.Annotate(target_.name());
  call->done(std::move(outcome));
}

void Http1Pool::OnIdle(Connection* connection) {
  const base::MutexLock lock(mutex_);
  if (idle_.size() < kMaxIdleConnections) {
    idle_.push_back(connection);
  } else {
    connection->Submit([](Protocol& protocol) { protocol.OnDrain(); });
  }
}

void Http1Pool::OnGone(Connection* connection) {
  const base::MutexLock lock(mutex_);
  std::erase(idle_, connection);
  connections_.erase(connection);
}

// Connections refer to the pool: they are let go at once, since the runtime may stop before they
// have closed.
void Http1Pool::Close() {
  decltype(connections_) connections;
  const base::MutexLock lock(mutex_);
  closed_ = true;
  idle_.clear();
  connections.swap(connections_);
  for (const auto& [key, open] : connections) open.connection->Abort(Closed());
}

}  // namespace spandrel::net
