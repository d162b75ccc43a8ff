// SPDX-License-Identifier: Apache-2.0
#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace spandrel::base {
namespace {

TEST(WorkerPool, FinishesWhatIsQueued) {
  std::atomic<int> done = 0;
  {
    WorkerPool pool(3, 1000);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.TrySubmit([&] { ++done; }));
  }
  EXPECT_EQ(done, 500);
}

TEST(WorkerPool, RefusesWorkWhenTheQueueIsFull) {
  std::promise<void> started;
  std::promise<void> release;
  std::atomic<int> done = 0;
  {
    WorkerPool pool(1, 2);
    ASSERT_TRUE(pool.TrySubmit([&] {
      started.set_value();
      release.get_future().wait();
      ++done;
    }));
    started.get_future().wait();
    EXPECT_TRUE(pool.TrySubmit([&] { ++done; }));
    EXPECT_TRUE(pool.TrySubmit([&] { ++done; }));
    EXPECT_FALSE(pool.TrySubmit([&] { ++done; }));
    release.set_value();
  }
  EXPECT_EQ(done, 3);
}

TEST(WorkerPool, RunsPiecesSideBySide) {
  std::promise<void> first;
  std::promise<void> second;
  WorkerPool pool(2, 10);
  ASSERT_TRUE(pool.TrySubmit([&] {
    first.set_value();
    second.get_future().wait();
  }));
  ASSERT_TRUE(pool.TrySubmit([&] {
    first.get_future().wait();
    second.set_value();
  }));
}

TEST(WorkerPool, WorkMaySubmitMore) {
  std::promise<int> result;
  WorkerPool pool(1, 10);
  ASSERT_TRUE(pool.TrySubmit([&] { (void)pool.TrySubmit([&] { result.set_value(7); }); }));
  EXPECT_EQ(result.get_future().get(), 7);
}

}  // namespace
}  // namespace spandrel::base
