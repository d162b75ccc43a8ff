// SPDX-License-Identifier: Apache-2.0
#include "net/http2/http2_channel.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/mutex.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;

}  // namespace

Http2Channel::Http2Channel(IoRuntime& runtime, Endpoint endpoint, ClientTls tls,
                           std::chrono::milliseconds connect_timeout)
    : runtime_(runtime.impl()),
      target_(std::move(endpoint), std::move(tls), "h2", connect_timeout),
      strand_(asio::make_strand(runtime_.context)),
      waiting_timer_(strand_) {}

void Http2Channel::Send(std::shared_ptr<ClientCall> call) {
  const base::MutexLock lock(mutex_);
  if (closed_) return FailLater({std::move(call)}, {StatusCode::kCancelled, "channel closed"});
  if (active_ != nullptr) return SubmitToActive(std::move(call));
  waiting_.push_back(std::move(call));
  ArmWaitingTimer();
  if (!std::exchange(connecting_, true)) Connect();
}

void Http2Channel::SubmitToActive(std::shared_ptr<ClientCall> call) {
  auto ticket = std::make_shared<CallTicket>(
      std::move(call), active_end_,
      [self = shared_from_this()](std::shared_ptr<ClientCall> finished, ClientOutcome outcome) {
        self->FinishCall(std::move(finished), std::move(outcome));
      });
  active_->Submit([ticket = std::move(ticket)](Protocol& protocol) {
    static_cast<Http2Client&>(protocol).Call(ticket);
  });
}

void Http2Channel::FinishCall(std::shared_ptr<ClientCall> call, ClientOutcome outcome) {
  if (call->TakeAnotherAttempt(outcome)) return Send(std::move(call));
  outcome.status = outcome.status.Annotate(target_.name());
  call->done(std::move(outcome));
}

void Http2Channel::FailLater(Calls calls, const Status& status) {
  if (calls.empty()) return;
  asio::post(strand_, [self = shared_from_this(), calls = std::move(calls), status] {
    for (const auto& call : calls) {
      ClientOutcome outcome;
      outcome.status = status;
      self->FinishCall(call, std::move(outcome));
    }
  });
}

void Http2Channel::Connect() {
  target_.Connect(
      runtime_, target_.connect_timeout(),
      [self = shared_from_this()](base::Result<std::shared_ptr<Connection>> connection) {
        self->OnConnected(std::move(connection));
      });
}

void Http2Channel::OnConnected(base::Result<std::shared_ptr<Connection>> result) {
  const base::MutexLock lock(mutex_);
  connecting_ = false;
  ErrorCode ignored;
  waiting_timer_.cancel(ignored);
  Calls calls = std::exchange(waiting_, {});
  if (closed_) return;
  if (!result.ok()) return FailLater(std::move(calls), result.status());
  active_ = *result;
  active_end_ = std::make_shared<ConnectionEnd>();
  const Connection* const key = active_.get();
  connections_.emplace(key, active_);
  active_->set_on_closed([self = shared_from_this(), key] {
    self->Retire(key);
    const base::MutexLock closed_lock(self->mutex_);
    self->connections_.erase(key);
  });
  active_->Start(std::make_unique<Http2Client>(std::string(target_.scheme()), !target_.plaintext(),
                                               active_end_, [weak = weak_from_this(), key] {
                                                 if (const auto self = weak.lock())
                                                   self->Retire(key);
                                               }));
  for (auto& call : calls) SubmitToActive(std::move(call));
}

void Http2Channel::Retire(const Connection* connection) {
  const base::MutexLock lock(mutex_);
  if (active_.get() == connection) active_.reset();
}

void Http2Channel::ArmWaitingTimer() {
  const auto earliest =
      std::min_element(waiting_.begin(), waiting_.end(),
                       [](const auto& a, const auto& b) { return a->deadline < b->deadline; });
  if (earliest == waiting_.end()) return;
  waiting_timer_.expires_at((*earliest)->deadline);
  waiting_timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
    if (!error) self->ExpireWaiting();
  });
}

void Http2Channel::ExpireWaiting() {
  const base::MutexLock lock(mutex_);
  const TimePoint now = SteadyClock::now();
  const auto late = std::stable_partition(waiting_.begin(), waiting_.end(),
                                          [now](const auto& call) { return call->deadline > now; });
  Calls calls(std::make_move_iterator(late), std::make_move_iterator(waiting_.end()));
  waiting_.erase(late, waiting_.end());
  FailLater(std::move(calls), {StatusCode::kDeadlineExceeded, "no connection in time"});
  ArmWaitingTimer();
}

// Connections refer to the channel: they are let go at once, since the runtime may stop before they
// have closed.
void Http2Channel::Close() {
  decltype(connections_) connections;
  const base::MutexLock lock(mutex_);
  if (std::exchange(closed_, true)) return;
  const Status why(StatusCode::kCancelled, "channel closed");
  FailLater(std::exchange(waiting_, {}), why);
  ErrorCode ignored;
  waiting_timer_.cancel(ignored);
  active_.reset();
  connections.swap(connections_);
  for (const auto& [key, connection] : connections) connection->Abort(why);
}

}  // namespace spandrel::net
