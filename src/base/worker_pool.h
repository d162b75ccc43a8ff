// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

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
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  std::vector<std::thread> threads_;         // guarded by mutex_
  size_t idle_ = 0;                          // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
};

}  // namespace spandrel::base
