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
  base::MutexLock lock(mutex_);
  ++wanted_;
  wake_.NotifyOne();
}

void RoundThread::RunNow() {
  base::MutexLock lock(mutex_);
  const uint64_t wish = ++wanted_;
  wake_.NotifyOne();
  finished_.Wait(lock, [&]() SPANDREL_REQUIRES(mutex_) { return done_ >= wish || stopping_; });
}

void RoundThread::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyOne();
    finished_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void RoundThread::Run(const Round& round) {
  base::MutexLock lock(mutex_);
  std::optional<std::chrono::milliseconds> delay;
  while (!stopping_) {
    const auto is_due = [this]() SPANDREL_REQUIRES(mutex_) { return stopping_ || wanted_ > done_; };
    if (delay) {
      wake_.WaitFor(lock, *delay, is_due);
    } else {
      wake_.Wait(lock, is_due);
    }
    if (stopping_) return;
    const uint64_t met = wanted_;
    lock.Unlock();
    delay = round();
    lock.Lock();
    done_ = met;
    finished_.NotifyAll();
  }
}

}  // namespace spandrel::columnar
