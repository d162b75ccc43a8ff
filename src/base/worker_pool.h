// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace spandrel::base {

// A fixed number of threads for work that may take long (queries, exports), with a bounded queue.
// Threads start with the first work, so that an idle process has none. Thread-safe.
class WorkerPool {
 public:
  WorkerPool(size_t threads, size_t queue_limit)
      : max_threads_(threads), queue_limit_(queue_limit) {}
  // Finishes what is queued, then joins.
  ~WorkerPool();

  // False, and `work` is not run, when `queue_limit` pieces wait already.
  [[nodiscard]] bool TrySubmit(std::function<void()> work);

 private:
  void Run();

  const size_t max_threads_;
  const size_t queue_limit_;
  Mutex mutex_;
  CondVar ready_;
  std::deque<std::function<void()>> queue_ SPANDREL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ SPANDREL_GUARDED_BY(mutex_);
  size_t idle_ SPANDREL_GUARDED_BY(mutex_) = 0;
  bool stopping_ SPANDREL_GUARDED_BY(mutex_) = false;
};

}  // namespace spandrel::base
