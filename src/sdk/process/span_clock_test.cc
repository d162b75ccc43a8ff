// SPDX-License-Identifier: Apache-2.0
#include "sdk/process/span_clock.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

namespace spandrel::sdk {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1'000'000'000;

int64_t UnixNanos() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

// Our reading lies between two readings of the kernel's clock, but for what the clock may be off,
// and none lies before the one before it.
void FollowTheKernel(int64_t nanos) {
  constexpr int64_t kTolerance = 20'000;
  const int64_t end = KernelSteadyNanos() + nanos;
  int64_t last = 0;
  for (int64_t before = KernelSteadyNanos(); before < end;) {
    const int64_t now = SteadyNanos();
    const int64_t after = KernelSteadyNanos();
    ASSERT_GE(now, before - kTolerance);
    ASSERT_LE(now, after + kTolerance);
    ASSERT_GE(now, last);
    last = now;
    before = after;
  }
}

void FollowTheKernelOnThreads(int64_t nanos) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([nanos] { FollowTheKernel(nanos); });
  for (std::thread& thread : threads) thread.join();
}

TEST(SpanClock, FollowsTheKernelsClockOnEveryThread) {
  FollowTheKernelOnThreads(400 * kMillisecond);
}

TEST(SpanClock, IsAskedAgainAfterAPause) {
  (void)SteadyNanos();
  const int64_t end = KernelSteadyNanos() + 30 * kMillisecond;
  while (KernelSteadyNanos() < end) continue;
  FollowTheKernel(kMillisecond);
}

TEST(SpanClock, OffsetLeadsToUnixTime) {
  const int64_t now = SteadyNanos();
  EXPECT_NEAR(static_cast<double>(now + UnixOffset(now)), static_cast<double>(UnixNanos()), 1e9);
}

// All threads ask for the first time at once.
void ExpectUnixTimeOnThreads() {
  std::atomic<int> waiting{4};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      --waiting;
      while (waiting > 0) continue;
      const int64_t now = SteadyNanos();
      ASSERT_NEAR(static_cast<double>(now + UnixOffset(now)), static_cast<double>(UnixNanos()),
                  5e9);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// In a process that was just started: this program anew, up to here.
class YoungProcessDeathTest : public testing::Test {
 protected:
  void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
  [[noreturn]] static void Exit() { _exit(HasFailure() ? 1 : 0); }
};

TEST_F(YoungProcessDeathTest, FollowsTheKernelsClock) {
  EXPECT_EXIT(
      {
        StartClock();
        FollowTheKernelOnThreads(200 * kMillisecond);
        Exit();
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(YoungProcessDeathTest, FollowsTheKernelsClockWithoutAStart) {
  EXPECT_EXIT(
      {
        ExpectUnixTimeOnThreads();
        FollowTheKernelOnThreads(50 * kMillisecond);
        Exit();
      },
      testing::ExitedWithCode(0), "");
}

// Forks while other threads measure the rate.
TEST_F(YoungProcessDeathTest, FollowsTheKernelsClockAfterAFork) {
  EXPECT_EXIT(
      {
        StartClock();
        std::thread other([] { FollowTheKernel(100 * kMillisecond); });
        for (int i = 0; i < 10; ++i) {
          const pid_t child = fork();
          if (child == 0) {
            FollowTheKernel(5 * kMillisecond);
            Exit();
          }
          int status = 0;
          waitpid(child, &status, 0);
          EXPECT_EQ(status, 0);
        }
        other.join();
        Exit();
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace spandrel::sdk
