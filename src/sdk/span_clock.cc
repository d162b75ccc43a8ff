// SPDX-License-Identifier: Apache-2.0
#include "sdk/span_clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string_view>

#include "sdk/spin_lock.h"

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

int64_t UnixOffset(int64_t steady_now) {
  static constinit std::atomic<int64_t> offset{0};
  static constinit std::atomic<int64_t> valid_until{0};
  if (steady_now > valid_until.load(std::memory_order_relaxed)) [[unlikely]] {
    offset.store(ReadClock(CLOCK_REALTIME) - KernelSteadyNanos(), std::memory_order_relaxed);
    valid_until.store(steady_now + kSecond, std::memory_order_relaxed);
  }
  return offset.load(std::memory_order_relaxed);
}

#if defined(__x86_64__)
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kValid = 10 * kMillisecond;
// The rate is measured over so long a time at least: reading both clocks together is good to some
// 50 ns, so this is half a millionth.
constexpr int64_t kRateInterval = 100 * kMillisecond;

struct Reading {
  uint64_t ticks = 0;
  int64_t nanos = 0;
};

// Both clocks at one moment; false when something always came in between.
bool ReadBoth(Reading* reading) {
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

// How fast the counter runs, in nanoseconds a tick times 2^32.
class CounterRate {
 public:
  // 0 while it is not known.
  uint64_t At(const Reading& now) {
    std::lock_guard lock(lock_);
    if (base_.ticks == 0) base_ = now;
    const int64_t nanos = now.nanos - base_.nanos;
    if (nanos >= kRateInterval) {
      constexpr double kOne = 4294967296.0;
      const auto ticks = static_cast<double>(now.ticks - base_.ticks);
      rate_ = static_cast<uint64_t>(static_cast<double>(nanos) / ticks * kOne);
      base_ = now;
    }
    return rate_;
  }

 private:
  SpinLock lock_;
  Reading base_;       // guarded by lock_
  uint64_t rate_ = 0;  // guarded by lock_
};

// The kernel's time, or the little more that the thread has been told already.
int64_t WithoutStepBack(const ThreadClock& clock, const Reading& now) {
  constexpr int64_t kLittle = 2'000;
  const uint64_t ticks = now.ticks - clock.ticks;
  if (ticks > 4 * clock.valid_ticks) return now.nanos;
  const int64_t told = clock.nanos + static_cast<int64_t>(ticks * clock.nanos_per_tick >> 32);
  return told > now.nanos && told - now.nanos < kLittle ? told : now.nanos;
}

}  // namespace

int64_t RenewClock(ThreadClock& clock) {
  static const bool usable = IsCounterUsable();
  static constinit CounterRate rate;
  if (!usable) return KernelSteadyNanos();
  Reading now;
  if (!ReadBoth(&now)) return now.nanos;
  const uint64_t nanos_per_tick = rate.At(now);
  if (nanos_per_tick == 0) return now.nanos;
  clock.nanos = WithoutStepBack(clock, now);
  clock.ticks = now.ticks;
  clock.nanos_per_tick = nanos_per_tick;
  clock.valid_ticks = (static_cast<uint64_t>(kValid) << 32) / nanos_per_tick;
  return clock.nanos;
}

#else
int64_t RenewClock(ThreadClock&) {
  return KernelSteadyNanos();
}
#endif

}  // namespace spandrel::sdk
