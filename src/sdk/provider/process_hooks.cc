// SPDX-License-Identifier: Apache-2.0
#include "sdk/provider/process_hooks.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "sdk/process/api_pins.h"
#include "sdk/process/io_thread.h"
#include "sdk/process/process_exit.h"
#include "sdk/process/span_clock.h"
#include "sdk/process/thread_state.h"
#include "sdk/provider/provider_core.h"
#include "sdk/record/thread_slots.h"

namespace spandrel::sdk {
namespace {

constexpr Milliseconds kExitTimeout{1'000};

// So many cores make a look for some to destroy worth while.
constexpr size_t kFewCores = 8;

struct Registry {
  base::Mutex mutex;
  std::vector<ProviderCore*> cores SPANDREL_GUARDED_BY(mutex);
  size_t sweep_at SPANDREL_GUARDED_BY(mutex) = kFewCores;  // so many cores
};

Registry& TheRegistry() {
  static Registry* const registry = new Registry;
  return *registry;
}

// Takes the cores out that nobody needs. With so many more as are left then, the next sweep is due.
std::vector<std::unique_ptr<ProviderCore>> Sweep(Registry& registry)
    SPANDREL_REQUIRES(registry.mutex) {
  std::vector<std::unique_ptr<ProviderCore>> unused;
  std::erase_if(registry.cores, [&unused](ProviderCore* core) {
    if (!core->given_up() || !core->TryEmpty()) return false;
    unused.emplace_back(core);
    return true;
  });
  registry.sweep_at = std::max(kFewCores, 2 * registry.cores.size());
  return unused;
}

// The analysis cannot see that one hook takes what the other gives back, nor the locks of a list.
void PrepareFork() SPANDREL_NO_THREAD_SAFETY_ANALYSIS {
  TheRegistry().mutex.Lock();
  for (ProviderCore* core : TheRegistry().cores) core->PrepareFork();
  LanesMutex().Lock();
  for (ProviderCore* core : TheRegistry().cores) core->buffer().LockForFork();
}

void UnlockBuffers() SPANDREL_NO_THREAD_SAFETY_ANALYSIS {
  for (ProviderCore* core : TheRegistry().cores) core->buffer().UnlockAfterFork();
  LanesMutex().Unlock();
}

void AfterForkInParent() SPANDREL_NO_THREAD_SAFETY_ANALYSIS {
  UnlockBuffers();
  for (ProviderCore* core : TheRegistry().cores) core->AfterForkInParent();
  TheRegistry().mutex.Unlock();
}

void AfterForkInChild() SPANDREL_NO_THREAD_SAFETY_ANALYSIS {
  t_thread.seeded = false;
  ForgetSharedIoThread();
  ResetSlotsInChild();
  for (ProviderCore* core : TheRegistry().cores) core->AfterForkInChild();
  UnlockBuffers();
  TheRegistry().mutex.Unlock();
}

void ShutdownAtExit() {
  NoteProcessExit();
  std::vector<ProviderCore*> cores;
  {
    Registry& registry = TheRegistry();
    base::MutexLock lock(registry.mutex);
    cores = registry.cores;
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

void Register(ProviderCore* core) {
  static std::once_flag installed;
  std::call_once(installed, InstallHooks);
  std::vector<std::unique_ptr<ProviderCore>> unused;  // destroyed when the lock is free
  Registry& registry = TheRegistry();
  base::MutexLock lock(registry.mutex);
  if (registry.cores.size() >= registry.sweep_at && !ProcessExits()) unused = Sweep(registry);
  registry.cores.push_back(core);
}

}  // namespace

ProviderCore& MakeProviderCore(Options options, TransportFactory connect) {
  KeepApiUsableAtExit();
  StartClock();
  auto* const core = new ProviderCore(std::move(options), std::move(connect));
  Register(core);
  core->ResumeSpool();
  return *core;
}

base::Mutex& ProcessHooksMutex() {
  return TheRegistry().mutex;
}

}  // namespace spandrel::sdk
