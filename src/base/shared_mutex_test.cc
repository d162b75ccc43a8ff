// SPDX-License-Identifier: Apache-2.0
#include "base/shared_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace spandrel::base {
namespace {

struct Pair {
  SharedMutex mutex;
  int first SPANDREL_GUARDED_BY(mutex) = 0;
  int second SPANDREL_GUARDED_BY(mutex) = 0;
};

TEST(SharedMutexTest, ReadersSeeWhatAWriterHasDoneAsAWhole) {
  constexpr int kRounds = 5'000;
  Pair pair;
  std::atomic<int> torn = 0;
  const auto read = [&] {
    for (int round = 0; round < kRounds; ++round) {
      ReaderLock lock(pair.mutex);
      if (pair.first != pair.second) ++torn;
    }
  };
  std::thread one(read);
  std::thread other(read);
  for (int round = 0; round < kRounds; ++round) {
    WriterLock lock(pair.mutex);
    ++pair.first;
    ++pair.second;
  }
  one.join();
  other.join();
  EXPECT_EQ(torn, 0);
}

TEST(SharedMutexTest, ReadersDoNotWaitForOneAnother) {
  Pair pair;
  ReaderLock lock(pair.mutex);
  int seen = -1;
  std::thread other([&] {
    ReaderLock too(pair.mutex);
    seen = pair.first;
  });
  other.join();
  EXPECT_EQ(seen, 0);
}

}  // namespace
}  // namespace spandrel::base
