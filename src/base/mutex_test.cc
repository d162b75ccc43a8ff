// SPDX-License-Identifier: Apache-2.0
#include "base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace spandrel::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Counted {
  Mutex mutex;
  CondVar changed;
  int value SPANDREL_GUARDED_BY(mutex) = 0;
};

TEST(MutexTest, OneThreadAtATime) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 10'000;
  Counted counted;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&counted] {
      for (int round = 0; round < kRounds; ++round) {
        MutexLock lock(counted.mutex);
        ++counted.value;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  MutexLock lock(counted.mutex);
  EXPECT_EQ(counted.value, kThreads * kRounds);
}

TEST(MutexTest, TryLockDoesNotWait) {
  Mutex mutex;
  mutex.Lock();
  std::thread([&mutex] {
    const bool taken = mutex.TryLock();
    EXPECT_FALSE(taken);
    if (taken) mutex.Unlock();
  }).join();
  mutex.Unlock();
}

TEST(MutexTest, ALockIsGivenBackInBetween) {
  Mutex mutex;
  const auto is_free = [&mutex] {
    bool free = false;
    std::thread([&] {
      if (!mutex.TryLock()) return;
      mutex.Unlock();
      free = true;
    }).join();
    return free;
  };
  {
    MutexLock lock(mutex);
    EXPECT_FALSE(is_free());
    lock.Unlock();
    EXPECT_TRUE(is_free());
    lock.Lock();
    EXPECT_FALSE(is_free());
    lock.Unlock();
  }
  EXPECT_TRUE(is_free());
}

TEST(CondVarTest, WakesWhoWaits) {
  Counted counted;
  std::thread other([&counted] {
    MutexLock lock(counted.mutex);
    counted.value = 1;
    counted.changed.NotifyAll();
    counted.changed.Wait(lock,
                         [&]() SPANDREL_REQUIRES(counted.mutex) { return counted.value == 2; });
    counted.value = 3;
    counted.changed.NotifyAll();
  });
  {
    MutexLock lock(counted.mutex);
    while (counted.value == 0) counted.changed.Wait(lock);
    counted.value = 2;
    counted.changed.NotifyAll();
    counted.changed.Wait(lock,
                         [&]() SPANDREL_REQUIRES(counted.mutex) { return counted.value == 3; });
  }
  other.join();
}

TEST(CondVarTest, SaysThatTheTimeWasUp) {
  Counted counted;
  MutexLock lock(counted.mutex);
  EXPECT_FALSE(counted.changed.WaitFor(lock, milliseconds(1), [] { return false; }));
  EXPECT_TRUE(counted.changed.WaitFor(lock, milliseconds(1), [] { return true; }));
  EXPECT_FALSE(
      counted.changed.WaitUntil(lock, steady_clock::now() - milliseconds(1), [] { return false; }));
  EXPECT_EQ(counted.value, 0);  // held again
}

}  // namespace
}  // namespace spandrel::base
