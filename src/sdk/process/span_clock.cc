// SPDX-License-Identifier: Apache-2.0
#include "sdk/process/span_clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <new>
#include <string_view>

#include "sdk/process/counter_rate.h"
#include "sdk/process/spin_lock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace spandrel::sdk {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

int64_t ReadClock(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

}  // namespace

int64_t KernelSteadyNanos() {
  return ReadClock(CLOCK_MONOTONIC);
}

namespace {

// Of a few tries, the one during which the least time has passed.
[[gnu::noinline]] int64_t MeasureUnixOffset() {
  constexpr int64_t kUndisturbed = 1'000;
  int64_t shortest = INT64_MAX;
  int64_t offset = 0;
  for (int i = 0; i < 4 && shortest > kUndisturbed; ++i) {
    const int64_t before = KernelSteadyNanos();
    const int64_t unix_now = ReadClock(CLOCK_REALTIME);
    const int64_t passed = KernelSteadyNanos() - before;
    if (passed >= shortest) continue;
    shortest = passed;
    offset = unix_now - before - passed / 2;
  }
  return offset;
}

}  // namespace

int64_t UnixOffset(int64_t steady_now) {
  static constinit std::atomic<int64_t> offset{0};
  static constinit std::atomic<int64_t> valid_until{0};  // written after offset
  if (steady_now > valid_until.load(std::memory_order_acquire)) [[unlikely]] {
    offset.store(MeasureUnixOffset(), std::memory_order_relaxed);
    valid_until.store(steady_now + kSecond, std::memory_order_release);
  }
  return offset.load(std::memory_order_relaxed);
}

#if defined(__x86_64__)
namespace {

// Both clocks at one moment; false when something always came in between.
bool ReadBoth(ClockReading* reading) {
  constexpr uint64_t kUndisturbedTicks = 1'000;
  for (int i = 0; i < 4; ++i) {
    const uint64_t before = __rdtsc();
    reading->nanos = KernelSteadyNanos();
    const uint64_t ticks = __rdtsc() - before;
    reading->ticks = before + ticks / 2;
    if (ticks <= kUndisturbedTicks) return true;
  }
  return false;
}

// Whether the counter runs evenly and the kernel has found it to be in step on all processors.
bool IsCounterUsable() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  constexpr unsigned kInvariantCounter = 1u << 8;
  if (__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) == 0) return false;
  if ((edx & kInvariantCounter) == 0) return false;
  const int file = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                        O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char source[16] = {};
  const ssize_t size = read(file, source, sizeof(source));
  close(file);
  return size > 0 && std::string_view(source, static_cast<size_t>(size)) == "tsc\n";
}

bool CounterUsable() {
  static const bool usable = IsCounterUsable();
  return usable;
}

// The rate for all threads. Who finds it in use does without for once.
class SharedRate {
 public:
  CounterRate::Rate At(const ClockReading& now) {
    if (!lock_.try_lock()) return {};
    std::lock_guard lock(lock_, std::adopt_lock);
    return rate_.At(now);
  }
  // Another thread may have been measuring that is not there any more.
  void AfterForkInChild() {
    if (lock_.locked()) new (this) SharedRate;
  }

 private:
  SpinLock lock_;
  CounterRate rate_;  // guarded by lock_
};

constinit SharedRate shared_rate;

}  // namespace

int64_t RenewClock(ThreadClock& clock) {
  if (!CounterUsable()) return KernelSteadyNanos();
  ClockReading now;
  CounterRate::Rate rate;
  if (ReadBoth(&now)) rate = shared_rate.At(now);
  return SetClock(clock, now, rate);
}

void StartClock() {
  static std::once_flag started;
  std::call_once(started,
                 [] { pthread_atfork(nullptr, nullptr, [] { shared_rate.AfterForkInChild(); }); });
  (void)UnixOffset(RenewClock(t_thread.clock));
}

#else
int64_t RenewClock(ThreadClock&) {
  return KernelSteadyNanos();
}

void StartClock() {
  (void)UnixOffset(KernelSteadyNanos());
}
#endif

}  // namespace spandrel::sdk
