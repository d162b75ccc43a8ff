// SPDX-License-Identifier: Apache-2.0
#include "api/http/query_queue.h"

#include <utility>

namespace spandrel::api {
namespace {

constexpr size_t kMostQuickInARow = 4;

}  // namespace

size_t QueryQueue::Lane::WaitingOf(const std::string& peer) const {
  const auto found = by_peer_.find(peer);
  return found == by_peer_.end() ? 0 : found->second.size();
}

void QueryQueue::Lane::Add(const std::string& peer, Waiting waiting) {
  std::deque<Waiting>& queue = by_peer_[peer];
  if (queue.empty()) turns_.push_back(peer);
  queue.push_back(std::move(waiting));
}

void QueryQueue::Lane::TakeGone(std::vector<Work>* gone) {
  for (auto& [peer, queue] : by_peer_) {
    std::erase_if(queue, [gone](Waiting& waiting) {
      if (waiting.is_gone == nullptr || !waiting.is_gone()) return false;
      gone->push_back(std::move(waiting.work));
      return true;
    });
  }
  std::erase_if(turns_, [this](const std::string& peer) { return by_peer_[peer].empty(); });
  std::erase_if(by_peer_, [](const auto& entry) { return entry.second.empty(); });
}

QueryQueue::Work QueryQueue::Lane::Take() {
  std::string peer = std::move(turns_.front());
  turns_.pop_front();
  const auto queue = by_peer_.find(peer);
  Work work = std::move(queue->second.front().work);
  queue->second.pop_front();
  if (queue->second.empty()) {
    by_peer_.erase(queue);
  } else {
    turns_.push_back(std::move(peer));
  }
  return work;
}

QueryQueue::Place QueryQueue::PlaceFor(const std::string& peer) {
  const size_t of_peer = lanes_[0].WaitingOf(peer) + lanes_[1].WaitingOf(peer);
  if (waiting_ >= limits_.waiting) return Place::kNoRoom;
  return of_peer >= limits_.waiting_of_peer ? Place::kNoRoomForPeer : Place::kTaken;
}

std::vector<QueryQueue::Work> QueryQueue::TakeGone() {
  std::vector<Work> gone;
  for (Lane& lane : lanes_) lane.TakeGone(&gone);
  waiting_ -= gone.size();
  return gone;
}

QueryQueue::Place QueryQueue::TrySubmit(const std::string& peer, Cost cost, Work work,
                                        std::function<bool()> is_gone) {
  std::vector<Work> gone;
  Place place = Place::kTaken;
  {
    const base::MutexLock lock(mutex_);
    place = PlaceFor(peer);
    if (place != Place::kTaken) {
      gone = TakeGone();
      place = PlaceFor(peer);
    }
    if (place == Place::kTaken) {
      LaneOf(cost).Add(peer, {std::move(work), std::move(is_gone)});
      ++waiting_;
    }
  }
  for (const Work& ends : gone) ends();
  if (place != Place::kTaken) return place;
  // A pool that is full has pieces that are yet to look at what waits.
  (void)workers_.TrySubmit([self = shared_from_this()] { self->Run(); });
  return Place::kTaken;
}

void QueryQueue::Run() {
  while (true) {
    const Taken taken = TakeNext();
    if (!taken.work) return;
    taken.work();
    if (taken.cost == Cost::kQuick) continue;
    const base::MutexLock lock(mutex_);
    --running_long_;
  }
}

QueryQueue::Taken QueryQueue::TakeNext() {
  const base::MutexLock lock(mutex_);
  const bool has_quick = !LaneOf(Cost::kQuick).empty();
  const bool may_be_long = !LaneOf(Cost::kLong).empty() && running_long_ < limits_.running_long;
  if (!has_quick && !may_be_long) return {};
  const bool is_quick = has_quick && (!may_be_long || quick_in_a_row_ < kMostQuickInARow);
  quick_in_a_row_ = is_quick ? quick_in_a_row_ + 1 : 0;
  if (!is_quick) ++running_long_;
  --waiting_;
  const Cost cost = is_quick ? Cost::kQuick : Cost::kLong;
  return {LaneOf(cost).Take(), cost};
}

}  // namespace spandrel::api
