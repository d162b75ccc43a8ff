// SPDX-License-Identifier: Apache-2.0
#include "api/http/query_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace spandrel::api {
namespace {

using ::testing::ElementsAre;
using Place = QueryQueue::Place;

// One worker that a test holds while it fills the queue.
class QueryQueueTest : public ::testing::Test {
 protected:
  void Start(QueryQueueLimits limits, size_t threads = 1) {
    workers_.emplace(threads, limits.waiting);
    queue_ = std::make_shared<QueryQueue>(*workers_, limits);
  }
  // Takes a worker for itself.
  void Hold(Cost cost) {
    std::promise<void> begun;
    ASSERT_EQ(queue_->TrySubmit("holder", cost,
                                [this, &begun] {
                                  begun.set_value();
                                  released_.wait();
                                }),
              Place::kTaken);
    begun.get_future().wait();
  }
  Place Add(const std::string& peer, Cost cost, const std::string& name) {
    return queue_->TrySubmit(peer, cost, [this, name] {
      const base::MutexLock lock(mutex_);
      done_.push_back(name);
    });
  }
  Place AddGone(const std::string& peer, const std::string& name) {
    return queue_->TrySubmit(
        peer, Cost::kLong,
        [this, name] {
          const base::MutexLock lock(mutex_);
          done_.push_back(name);
        },
        [] { return true; });
  }
  // What was done, in order, when all is done.
  std::vector<std::string> Finish() {
    release_.set_value();
    workers_.reset();
    return done_;
  }

  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
  base::Mutex mutex_;
  std::vector<std::string> done_;
  std::shared_ptr<QueryQueue> queue_;
  std::optional<base::WorkerPool> workers_;
};

TEST_F(QueryQueueTest, WhoHasGoneMakesRoom) {
  Start({.waiting = 4, .waiting_of_peer = 3, .running_long = 1});
  Hold(Cost::kQuick);
  EXPECT_EQ(AddGone("a", "gone 1"), Place::kTaken);
  EXPECT_EQ(Add("a", Cost::kLong, "a1"), Place::kTaken);
  EXPECT_EQ(AddGone("a", "gone 2"), Place::kTaken);
  EXPECT_EQ(Add("a", Cost::kLong, "a2"), Place::kTaken);
  EXPECT_EQ(AddGone("b", "gone 3"), Place::kTaken);
  EXPECT_EQ(AddGone("b", "gone 4"), Place::kTaken);
  EXPECT_EQ(Add("c", Cost::kLong, "c1"), Place::kTaken);
  EXPECT_EQ(Add("c", Cost::kLong, "c2"), Place::kTaken);
  EXPECT_EQ(Add("c", Cost::kLong, "c3"), Place::kNoRoom);
  EXPECT_THAT(Finish(),
              ElementsAre("gone 1", "gone 2", "gone 3", "gone 4", "a1", "c1", "a2", "c2"));
}

TEST_F(QueryQueueTest, PeersTakeTurns) {
  Start({.waiting = 10, .waiting_of_peer = 10, .running_long = 1});
  Hold(Cost::kQuick);
  for (const char* name : {"a1", "a2", "a3"}) EXPECT_EQ(Add("a", Cost::kLong, name), Place::kTaken);
  for (const char* name : {"b1", "b2"}) EXPECT_EQ(Add("b", Cost::kLong, name), Place::kTaken);
  EXPECT_EQ(Add("c", Cost::kLong, "c1"), Place::kTaken);
  EXPECT_THAT(Finish(), ElementsAre("a1", "b1", "c1", "a2", "b2", "a3"));
}

TEST_F(QueryQueueTest, NobodyFillsTheQueueAlone) {
  Start({.waiting = 5, .waiting_of_peer = 3, .running_long = 1});
  Hold(Cost::kLong);
  EXPECT_EQ(Add("a", Cost::kLong, "a1"), Place::kTaken);
  EXPECT_EQ(Add("a", Cost::kQuick, "a2"), Place::kTaken);
  EXPECT_EQ(Add("a", Cost::kLong, "a3"), Place::kTaken);
  EXPECT_EQ(Add("a", Cost::kQuick, "a4"), Place::kNoRoomForPeer);
  EXPECT_EQ(Add("b", Cost::kLong, "b1"), Place::kTaken);
  EXPECT_EQ(Add("c", Cost::kLong, "c1"), Place::kTaken);
  EXPECT_EQ(Add("d", Cost::kLong, "d1"), Place::kNoRoom);
  EXPECT_THAT(Finish(), ElementsAre("a2", "a1", "b1", "c1", "a3"));
}

TEST_F(QueryQueueTest, QuickQuestionsGoFirstButNotForEver) {
  Start({.waiting = 20, .waiting_of_peer = 20, .running_long = 1});
  Hold(Cost::kLong);
  EXPECT_EQ(Add("a", Cost::kLong, "long 1"), Place::kTaken);
  EXPECT_EQ(Add("a", Cost::kLong, "long 2"), Place::kTaken);
  for (int i = 1; i <= 6; ++i) EXPECT_EQ(Add("b", Cost::kQuick, std::to_string(i)), Place::kTaken);
  EXPECT_THAT(Finish(), ElementsAre("1", "2", "3", "4", "long 1", "5", "6", "long 2"));
}

TEST_F(QueryQueueTest, LongOnesLeaveAWorker) {
  Start({.waiting = 20, .waiting_of_peer = 20, .running_long = 1}, 2);
  Hold(Cost::kLong);
  EXPECT_EQ(Add("a", Cost::kLong, "long"), Place::kTaken);
  std::promise<void> answered;
  ASSERT_EQ(queue_->TrySubmit("b", Cost::kQuick, [&answered] { answered.set_value(); }),
            Place::kTaken);
  EXPECT_EQ(answered.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_THAT(Finish(), ElementsAre("long"));
}

}  // namespace
}  // namespace spandrel::api
