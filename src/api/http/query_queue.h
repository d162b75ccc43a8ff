// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/worker_pool.h"

namespace spandrel::api {

// What a question is likely to cost.
enum class Cost : uint8_t {
  kQuick,  // lists of names, one trace
  kLong,   // searches and sums over many spans
};

struct QueryQueueLimits {
  size_t waiting = 256;          // in all
  size_t waiting_of_peer = 128;  // so that nobody fills the queue alone
  size_t running_long = 2;       // at once; fewer than the pool has threads
};

// Who is next when queries wait for a worker. Peers take turns, whatever number of queries each has
// sent; quick questions go before long ones, but four in a row at most, and long ones leave a
// worker for them. Thread-safe; made with std::make_shared.
class QueryQueue : public std::enable_shared_from_this<QueryQueue> {
 public:
  // `workers` outlives the last call.
  QueryQueue(base::WorkerPool& workers, QueryQueueLimits limits)
      : workers_(workers), limits_(limits) {}

  enum class Place : uint8_t {
    kTaken,
    kNoRoom,         // too many wait already
    kNoRoomForPeer,  // too many of this peer do
  };
  // `work` is run only when it is taken. Work of one peer and one cost begins in the order in which
  // it came. Where there is no room, work that waits for somebody who `is_gone` is run first, on
  // this thread, so that it ends.
  [[nodiscard]] Place TrySubmit(const std::string& peer, Cost cost, std::function<void()> work,
                                std::function<bool()> is_gone = nullptr);

 private:
  using Work = std::function<void()>;
  struct Waiting {
    Work work;
    std::function<bool()> is_gone;  // empty: never
  };

  // What waits of one cost.
  class Lane {
   public:
    bool empty() const { return turns_.empty(); }
    size_t WaitingOf(const std::string& peer) const;
    void Add(const std::string& peer, Waiting waiting);
    // The first of the peer whose turn it is; there is one.
    Work Take();
    // Moves to `gone` what nobody waits for any more.
    void TakeGone(std::vector<Work>* gone);

   private:
    std::map<std::string, std::deque<Waiting>> by_peer_;  // none of them empty
    std::deque<std::string> turns_;                       // each peer that waits once
  };
  struct Taken {
    Work work;
    Cost cost = Cost::kQuick;
  };

  Place PlaceFor(const std::string& peer) SPANDREL_REQUIRES(mutex_);
  std::vector<Work> TakeGone() SPANDREL_REQUIRES(mutex_);
  // Does what waits until nothing may run.
  void Run();
  // No work when nothing may run now.
  Taken TakeNext();
  Lane& LaneOf(Cost cost) SPANDREL_REQUIRES(mutex_) { return lanes_[static_cast<size_t>(cost)]; }

  base::WorkerPool& workers_;
  const QueryQueueLimits limits_;
  base::Mutex mutex_;
  std::array<Lane, 2> lanes_ SPANDREL_GUARDED_BY(mutex_);  // by cost
  size_t waiting_ SPANDREL_GUARDED_BY(mutex_) = 0;
  size_t running_long_ SPANDREL_GUARDED_BY(mutex_) = 0;
  size_t quick_in_a_row_ SPANDREL_GUARDED_BY(mutex_) = 0;
};

}  // namespace spandrel::api
