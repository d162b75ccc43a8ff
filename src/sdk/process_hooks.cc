// SPDX-License-Identifier: Apache-2.0
#include "sdk/process_hooks.h"

#include <pthread.h>

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "sdk/io_thread.h"
#include "sdk/provider_core.h"
#include "sdk/thread_state.h"

namespace spandrel::sdk {
namespace {

constexpr Milliseconds kExitTimeout{1'000};

struct Registry {
  std::mutex mutex;
  std::vector<ProviderCore*> cores;  // guarded by mutex
};

Registry& TheRegistry() {
  static Registry* const registry = new Registry;
  return *registry;
}

void PrepareFork() {
  TheRegistry().mutex.lock();
  for (ProviderCore* core : TheRegistry().cores) core->PrepareFork();
}

void AfterForkInParent() {
  for (ProviderCore* core : TheRegistry().cores) core->AfterForkInParent();
  TheRegistry().mutex.unlock();
}

void AfterForkInChild() {
  t_thread.seeded = false;
  ForgetSharedIoThread();
  for (ProviderCore* core : TheRegistry().cores) core->AfterForkInChild();
  TheRegistry().mutex.unlock();
}

void ShutdownAtExit() {
  std::vector<ProviderCore*> cores;
  {
    std::lock_guard lock(TheRegistry().mutex);
    cores = TheRegistry().cores;
  }
  const auto deadline = std::chrono::steady_clock::now() + kExitTimeout;
  for (ProviderCore* core : cores) {
    const auto left = deadline - std::chrono::steady_clock::now();
    (void)core->Shutdown(std::max(Milliseconds(0), std::chrono::duration_cast<Milliseconds>(left)));
  }
}

void InstallHooks() {
  pthread_atfork(PrepareFork, AfterForkInParent, AfterForkInChild);
  std::atexit(ShutdownAtExit);
}

}  // namespace

void RegisterForProcessHooks(ProviderCore* core) {
  static std::once_flag installed;
  std::call_once(installed, InstallHooks);
  std::lock_guard lock(TheRegistry().mutex);
  TheRegistry().cores.push_back(core);
}

}  // namespace spandrel::sdk
