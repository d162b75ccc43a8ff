// SPDX-License-Identifier: Apache-2.0
#include "pipeline/timer.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/thread.h"

namespace spandrel::pipeline {
namespace {

class ThreadTimer final : public Timer {
 public:
  ~ThreadTimer() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  TimePoint Now() const override { return std::chrono::steady_clock::now(); }

  void RunAt(TimePoint when, std::function<void()> work) override {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    work_.emplace(when, std::move(work));
    if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
    changed_.notify_all();
  }

 private:
  void Run() {
    base::NameThisThread("spandrel-timer");
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (work_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const TimePoint when = work_.begin()->first;
      if (when > Now()) {
        changed_.wait_until(lock, when);
        continue;
      }
      auto due = work_.extract(work_.begin());
      lock.unlock();
      due.mapped()();
      due = {};
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<TimePoint, std::function<void()>> work_;  // guarded by mutex_
  std::thread thread_;                                    // guarded by mutex_
  bool stopping_ = false;                                 // guarded by mutex_
};

}  // namespace

Timer& SystemTimer() {
  static ThreadTimer timer;
  return timer;
}

}  // namespace spandrel::pipeline
