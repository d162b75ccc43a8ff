// SPDX-License-Identifier: Apache-2.0
#include "pipeline/timer.h"

#include <map>
#include <thread>

#include "base/mutex.h"
#include "base/thread.h"

namespace spandrel::pipeline {
namespace {

class ThreadTimer final : public Timer {
 public:
  ~ThreadTimer() override {
    {
      base::MutexLock lock(mutex_);
      stopping_ = true;
    }
    changed_.NotifyAll();
    if (thread_.joinable()) thread_.join();
  }

  TimePoint Now() const override { return std::chrono::steady_clock::now(); }

  void RunAt(TimePoint when, std::function<void()> work) override {
    base::MutexLock lock(mutex_);
    if (stopping_) return;
    work_.emplace(when, std::move(work));
    if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
    changed_.NotifyAll();
  }

 private:
  void Run() {
    base::NameThisThread("spandrel-timer");
    base::MutexLock lock(mutex_);
    while (!stopping_) {
      if (work_.empty()) {
        changed_.Wait(lock);
        continue;
      }
      const TimePoint when = work_.begin()->first;
      if (when > Now()) {
        changed_.WaitUntil(lock, when);
        continue;
      }
      auto due = work_.extract(work_.begin());
      lock.Unlock();
      due.mapped()();
      due = {};
      lock.Lock();
    }
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  std::multimap<TimePoint, std::function<void()>> work_ SPANDREL_GUARDED_BY(mutex_);
  std::thread thread_ SPANDREL_GUARDED_BY(mutex_);
  bool stopping_ SPANDREL_GUARDED_BY(mutex_) = false;
};

}  // namespace

Timer& SystemTimer() {
  static ThreadTimer timer;
  return timer;
}

}  // namespace spandrel::pipeline
