// SPDX-License-Identifier: Apache-2.0
// The clock's policy on a machine that is made up: its counter, its kernel's clock, and readings of
// both that are off by some nanoseconds.
#include "sdk/process/counter_rate.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <vector>

namespace spandrel::sdk {
namespace {

constexpr int64_t kMicrosecond = 1'000;
constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1'000'000'000;

class Machine {
 public:
  explicit Machine(double ticks_per_nano) : ticks_per_nano_(ticks_per_nano) {}

  void Pass(int64_t nanos) {
    ticks_ += static_cast<double>(nanos) * ticks_per_nano_;
    kernel_ += static_cast<double>(nanos) * (1 + slewed_);
  }
  void Slew(double by) { slewed_ = by; }
  void Sleep(int64_t nanos) { ticks_ += static_cast<double>(nanos) * ticks_per_nano_; }
  void SleepWithTheCounterBegunAnew() { ticks_ = 1'000; }

  uint64_t ticks() const { return static_cast<uint64_t>(ticks_); }
  int64_t kernel() const { return static_cast<int64_t>(kernel_); }
  ClockReading Read() { return {ticks(), kernel() + Random(-50, 50)}; }
  int64_t Random(int64_t from, int64_t to) {
    return std::uniform_int_distribution<int64_t>(from, to)(random_);
  }

 private:
  const double ticks_per_nano_;
  double ticks_ = 1e12;
  double kernel_ = 5e12;
  double slewed_ = 0;
  std::mt19937 random_{7};
};

// What SteadyNanos does.
struct Thread {
  ThreadClock clock;
  int64_t last = 0;
  int readings = 0;

  int64_t Now(Machine& machine, CounterRate& rate) {
    const uint64_t ticks = machine.ticks() - clock.ticks;
    int64_t now;
    if (ticks < clock.valid_ticks) {
      now = clock.nanos + static_cast<int64_t>(ticks * clock.nanos_per_tick >> 32);
    } else {
      ++readings;
      const ClockReading reading = machine.Read();
      now = SetClock(clock, reading, rate.At(reading));
    }
    EXPECT_GE(now, last);
    last = now;
    return now;
  }
};

class Process {
 public:
  explicit Process(double ticks_per_nano) : machine(ticks_per_nano) {
    (void)threads[0].Now(machine, rate);
  }

  // Threads look at their clocks for so long. Returns the most that one was off.
  int64_t Run(int64_t nanos, int64_t longest_step) {
    int64_t most = 0;
    for (int64_t passed = 0; passed < nanos;) {
      const int64_t step = machine.Random(1, longest_step);
      machine.Pass(step);
      passed += step;
      Thread& thread = threads[static_cast<size_t>(machine.Random(0, 2))];
      const int64_t off = std::abs(thread.Now(machine, rate) - machine.kernel());
      most = std::max(most, off);
    }
    return most;
  }

  Machine machine;
  CounterRate rate;
  std::vector<Thread> threads{3};
};

class CounterRateTest : public ::testing::TestWithParam<double> {};

INSTANTIATE_TEST_SUITE_P(TicksANano, CounterRateTest, ::testing::Values(0.4, 0.999, 1.0, 2.1, 5.3));

TEST_P(CounterRateTest, FollowsTheKernelFromTheStart) {
  Process process(GetParam());
  EXPECT_LE(process.Run(300 * kMillisecond, 2 * kMicrosecond), 250);
  EXPECT_LE(process.Run(20 * kSecond, 50 * kMillisecond), 250);
}

TEST_P(CounterRateTest, AYoungProcessAsksTheKernelSeldom) {
  Process process(GetParam());
  process.machine.Pass(20 * kMicrosecond);
  process.Run(10 * kMillisecond, kMicrosecond);
  for (const Thread& thread : process.threads) EXPECT_LE(thread.readings, 12);
}

TEST_P(CounterRateTest, GoesWithAKernelThatSlewsItsClock) {
  for (const double by : {-0.0005, 0.0005}) {
    Process process(GetParam());
    process.Run(300 * kMillisecond, 20 * kMicrosecond);
    process.machine.Slew(by);
    EXPECT_LE(process.Run(kSecond, 20 * kMicrosecond), 6 * kMicrosecond);
  }
}

// Up to 2.5 ms may have been told already, for all that is known.
TEST_P(CounterRateTest, TheMachineSleeps) {
  for (const int64_t before : {10 * kMicrosecond, kMillisecond, 300 * kMillisecond}) {
    for (const bool counter_begins_anew : {false, true}) {
      Process process(GetParam());
      process.Run(before, 2 * kMicrosecond);
      if (counter_begins_anew) {
        process.machine.SleepWithTheCounterBegunAnew();
      } else {
        process.machine.Sleep(3'600 * kSecond);
      }
      EXPECT_LE(process.Run(60 * kMillisecond, 20 * kMicrosecond), 3 * kMillisecond);
      EXPECT_LE(process.Run(400 * kMillisecond, 20 * kMicrosecond), kMicrosecond);
    }
  }
}

TEST(SetClockTest, WithoutARateTheKernelIsAsked) {
  ThreadClock clock;
  EXPECT_EQ(SetClock(clock, {1'000, 77}, {}), 77);
  EXPECT_EQ(clock.valid_ticks, 0U);
}

TEST(SetClockTest, GoesSlowerWhereItIsAhead) {
  constexpr CounterRate::Rate kRate{uint64_t{1} << 32, 10 * kMillisecond};
  ThreadClock clock;
  (void)SetClock(clock, {1'000, 0}, kRate);
  const ClockReading later{1'000 + 10 * kMillisecond, 9 * kMillisecond};
  EXPECT_EQ(SetClock(clock, later, {}), 10 * kMillisecond);
  EXPECT_EQ(SetClock(clock, later, kRate), 10 * kMillisecond);
  const int64_t at_the_end =
      clock.nanos + static_cast<int64_t>(clock.valid_ticks * clock.nanos_per_tick >> 32);
  EXPECT_NEAR(static_cast<double>(at_the_end), 19e6, 10);
}

}  // namespace
}  // namespace spandrel::sdk
