// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "base/mutex.h"
#include "net/socket/asio_runtime.h"

namespace spandrel::net {

// Lets a client's destructor wait until the last callback has returned, since callbacks may refer
// to what their owner destroys next. Thread-safe.
class CallsUnderWay {
 public:
  void Begin() {
    const base::MutexLock lock(mutex_);
    ++count_;
  }
  void End() {
    const base::MutexLock lock(mutex_);
    if (--count_ == 0) none_.NotifyAll();
  }
  // Does not wait on a thread of the runtime, which would wait for itself.
  void WaitForNone(IoRuntime::Impl& runtime) {
    if (runtime.context.get_executor().running_in_this_thread()) return;
    base::MutexLock lock(mutex_);
    none_.Wait(lock, [this]() SPANDREL_REQUIRES(mutex_) { return count_ == 0; });
  }

 private:
  base::Mutex mutex_;
  base::CondVar none_;
  size_t count_ SPANDREL_GUARDED_BY(mutex_) = 0;
};

}  // namespace spandrel::net
