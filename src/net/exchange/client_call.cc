// SPDX-License-Identifier: Apache-2.0
#include "net/exchange/client_call.h"

#include "base/mutex.h"

namespace spandrel::net {

using base::Status;
using base::StatusCode;

bool ClientCall::TakeAnotherAttempt(ClientOutcome& outcome) {
  if (outcome.status.ok()) return false;
  if (outcome.unprocessed && ++attempts_ < kMaxAttempts) {
    if (first_failure_.ok() && !outcome.unexplained) first_failure_ = outcome.status;
    return true;
  }
  const std::string& first = first_failure_.message();
  if (first_failure_.ok() || first == outcome.status.message()) return false;
  const std::string text =
      outcome.unexplained ? first : outcome.status.message() + ", after: " + first;
  outcome.status = Status(outcome.status.code(), text);
  return false;
}

void ConnectionEnd::SetUp() {
  const base::MutexLock lock(mutex_);
  up_ = true;
}

void ConnectionEnd::Note(const Status& why) {
  if (why.ok()) return;
  const base::MutexLock lock(mutex_);
  if (why_.ok() || why.code() == StatusCode::kCancelled) why_ = why;
}

ClientOutcome ConnectionEnd::Unsent() const {
  ClientOutcome outcome = Lost();
  const base::MutexLock lock(mutex_);
  outcome.unprocessed = up_ || why_.ok();
  return outcome;
}

ClientOutcome ConnectionEnd::Lost() const {
  const base::MutexLock lock(mutex_);
  ClientOutcome outcome;
  outcome.unexplained = why_.ok();
  outcome.status = why_.ok() ? Status(StatusCode::kUnavailable, "connection closed by peer") : why_;
  return outcome;
}

}  // namespace spandrel::net
