// SPDX-License-Identifier: Apache-2.0
#include "pipeline/fan_out.h"

#include <algorithm>
#include <utility>

#include "base/mutex.h"

namespace spandrel::pipeline {
namespace {

int Severity(const base::Status& status) {
  if (status.ok()) return 0;
  return status.retryable() ? 1 : 2;
}

// Waits for the outcomes of all branches of one batch.
class Join {
 public:
  Join(size_t branches, Completion done) : left_(branches), done_(std::move(done)) {}

  void Add(base::Status status) {
    base::Status worst;
    {
      base::MutexLock lock(mutex_);
      Keep(std::move(status));
      if (--left_ > 0) return;
      worst = std::move(worst_);
    }
    done_(std::move(worst));
  }

 private:
  void Keep(base::Status status) SPANDREL_REQUIRES(mutex_) {
    if (Severity(status) > Severity(worst_)) {
      worst_ = std::move(status);
    } else if (Severity(status) == 1 && Severity(worst_) == 1 && status.retry_after()) {
      worst_.set_retry_after(
          std::max(*status.retry_after(), worst_.retry_after().value_or(*status.retry_after())));
    }
  }

  base::Mutex mutex_;
  size_t left_ SPANDREL_GUARDED_BY(mutex_);
  base::Status worst_ SPANDREL_GUARDED_BY(mutex_);
  const Completion done_;
};

}  // namespace

std::vector<Completion> JoinOutcomes(size_t branches, Completion done) {
  const auto join = std::make_shared<Join>(branches, std::move(done));
  return {branches, [join](base::Status status) { join->Add(std::move(status)); }};
}

}  // namespace spandrel::pipeline
