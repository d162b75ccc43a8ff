// SPDX-License-Identifier: Apache-2.0
#include "sdk/process/io_thread.h"

#include <new>

#include "base/mutex.h"

namespace spandrel::sdk {
namespace {

struct SharedThread {
  base::Mutex mutex;
  std::weak_ptr<net::IoRuntime> runtime SPANDREL_GUARDED_BY(mutex);
};

SharedThread& Shared() {
  static SharedThread* const shared = new SharedThread;
  return *shared;
}

}  // namespace

std::shared_ptr<net::IoRuntime> SharedIoThread() {
  SharedThread& shared = Shared();
  base::MutexLock lock(shared.mutex);
  std::shared_ptr<net::IoRuntime> runtime = shared.runtime.lock();
  if (runtime == nullptr) shared.runtime = runtime = std::make_shared<net::IoRuntime>(1);
  return runtime;
}

// Only the forking thread is left, so the mutex may be in any state: it is made anew.
void ForgetSharedIoThread() SPANDREL_NO_THREAD_SAFETY_ANALYSIS {
  new (&Shared().mutex) base::Mutex();
  Shared().runtime.reset();
}

}  // namespace spandrel::sdk
