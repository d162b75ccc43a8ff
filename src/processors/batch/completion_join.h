// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "pipeline/consumer.h"

namespace spandrel::processors {

// One outcome for many callers out of those of many parts: a retryable failure comes before one for
// good, since the callers hold what should be sent again; either comes before OK. Thread-safe.
class CompletionJoin {
 public:
  // Calls `waiters` when `parts` outcomes have arrived; `parts` is at least 1.
  CompletionJoin(size_t parts, std::vector<pipeline::Completion> waiters)
      : remaining_(parts), waiters_(std::move(waiters)) {}

  void PartDone(base::Status status) {
    base::Status outcome;
    {
      base::MutexLock lock(mutex_);
      if (Severity(status) > Severity(outcome_)) outcome_ = std::move(status);
      if (--remaining_ > 0) return;
      outcome = std::move(outcome_);
    }
    for (pipeline::Completion& waiter : waiters_) waiter(outcome);
    waiters_.clear();
  }

 private:
  static int Severity(const base::Status& status) {
    if (status.ok()) return 0;
    return status.retryable() ? 2 : 1;
  }

  base::Mutex mutex_;
  size_t remaining_ SPANDREL_GUARDED_BY(mutex_);
  base::Status outcome_ SPANDREL_GUARDED_BY(mutex_);
  std::vector<pipeline::Completion> waiters_;
};

}  // namespace spandrel::processors
