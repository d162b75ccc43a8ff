// SPDX-License-Identifier: Apache-2.0
#include "columnar/background/round_thread.h"

#include <utility>

namespace spandrel::columnar {

void RoundThread::Start(base::ThreadName name, Round round) {
  thread_ = std::thread([this, name, round = std::move(round)] {
    base::NameThisThread(name);
    Run(round);
  });
}

void RoundThread::Wake() {
  std::lock_guard lock(mutex_);
  ++wanted_;
  wake_.notify_one();
}

void RoundThread::RunNow() {
  std::unique_lock lock(mutex_);
  const uint64_t wish = ++wanted_;
  wake_.notify_one();
  finished_.wait(lock, [&] { return done_ >= wish || stopping_; });
}

void RoundThread::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
    finished_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void RoundThread::Run(const Round& round) {
  std::unique_lock lock(mutex_);
  std::optional<std::chrono::milliseconds> delay;
  while (!stopping_) {
    const auto is_due = [this] { return stopping_ || wanted_ > done_; };
    if (delay) {
      wake_.wait_for(lock, *delay, is_due);
    } else {
      wake_.wait(lock, is_due);
    }
    if (stopping_) return;
    const uint64_t met = wanted_;
    lock.unlock();
    delay = round();
    lock.lock();
    done_ = met;
    finished_.notify_all();
  }
}

}  // namespace spandrel::columnar
