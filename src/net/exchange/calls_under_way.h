// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "net/socket/asio_runtime.h"

namespace spandrel::net {

// Lets a client's destructor wait until the last callback has returned, since callbacks may refer
// to what their owner destroys next. Thread-safe.
class CallsUnderWay {
 public:
  void Begin() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void End() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  // Does not wait on a thread of the runtime, which would wait for itself.
  void WaitForNone(IoRuntime::Impl& runtime) {
    if (runtime.context.get_executor().running_in_this_thread()) return;
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  size_t count_ = 0;  // guarded by mutex_
};

}  // namespace spandrel::net
