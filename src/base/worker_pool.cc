// SPDX-License-Identifier: Apache-2.0
#include "base/worker_pool.h"

#include "base/mutex.h"
#include "base/thread.h"

namespace spandrel::base {

WorkerPool::~WorkerPool() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  ready_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::TrySubmit(std::function<void()> work) {
  MutexLock lock(mutex_);
  if (stopping_ || queue_.size() >= queue_limit_) return false;
  queue_.push_back(std::move(work));
  if (idle_ < queue_.size() && threads_.size() < max_threads_) {
    threads_.emplace_back([this] { Run(); });
  }
  ready_.NotifyOne();
  return true;
}

void WorkerPool::Run() {
  NameThisThread("spandrel-work");
  MutexLock lock(mutex_);
  while (true) {
    ++idle_;
    ready_.Wait(lock, [this]() SPANDREL_REQUIRES(mutex_) { return stopping_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.Unlock();
    work();
    work = nullptr;
    lock.Lock();
  }
}

}  // namespace spandrel::base
