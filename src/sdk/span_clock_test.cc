// SPDX-License-Identifier: Apache-2.0
#include "sdk/span_clock.h"

#include <gtest/gtest.h>
#include <time.h>

#include <thread>
#include <vector>

namespace spandrel::sdk {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

// Our reading lies between two readings of the kernel's clock, but for what the clock may be off.
void FollowTheKernel(int64_t nanos) {
  constexpr int64_t kTolerance = 50'000;
  const int64_t end = KernelSteadyNanos() + nanos;
  int64_t last = 0;
  for (int64_t before = KernelSteadyNanos(); before < end;) {
    const int64_t now = SteadyNanos();
    const int64_t after = KernelSteadyNanos();
    ASSERT_GE(now, before - kTolerance);
    ASSERT_LE(now, after + kTolerance);
    ASSERT_GE(now, last - kTolerance);
    last = now;
    before = after;
  }
}

TEST(SpanClock, FollowsTheKernelsClockOnEveryThread) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([] { FollowTheKernel(400 * kMillisecond); });
  for (std::thread& thread : threads) thread.join();
}

TEST(SpanClock, IsAskedAgainAfterAPause) {
  (void)SteadyNanos();
  const int64_t end = KernelSteadyNanos() + 30 * kMillisecond;
  while (KernelSteadyNanos() < end) continue;
  FollowTheKernel(kMillisecond);
}

TEST(SpanClock, OffsetLeadsToUnixTime) {
  const int64_t now = SteadyNanos();
  timespec unix_now;
  clock_gettime(CLOCK_REALTIME, &unix_now);
  const int64_t expected = unix_now.tv_sec * 1'000'000'000 + unix_now.tv_nsec;
  EXPECT_NEAR(static_cast<double>(now + UnixOffset(now)), static_cast<double>(expected), 1e9);
}

}  // namespace
}  // namespace spandrel::sdk
