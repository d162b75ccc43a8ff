// SPDX-License-Identifier: Apache-2.0
#include "sdk/process/io_thread.h"

#include <mutex>
#include <new>

namespace spandrel::sdk {
namespace {

struct SharedThread {
  std::mutex mutex;
  std::weak_ptr<net::IoRuntime> runtime;  // guarded by mutex
};

SharedThread& Shared() {
  static SharedThread* const shared = new SharedThread;
  return *shared;
}

}  // namespace

std::shared_ptr<net::IoRuntime> SharedIoThread() {
  std::lock_guard lock(Shared().mutex);
  std::shared_ptr<net::IoRuntime> runtime = Shared().runtime.lock();
  if (runtime == nullptr) Shared().runtime = runtime = std::make_shared<net::IoRuntime>(1);
  return runtime;
}

// Only the forking thread is left, so the mutex may be in any state: it is made anew.
void ForgetSharedIoThread() {
  new (&Shared().mutex) std::mutex();
  Shared().runtime.reset();
}

}  // namespace spandrel::sdk
