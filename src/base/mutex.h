// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/thread_annotations.h"

namespace spandrel::base {

// std::mutex, which clang's analysis knows: members that it guards say SPANDREL_GUARDED_BY.
class SPANDREL_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() SPANDREL_ACQUIRE() { mutex_.lock(); }
  void Unlock() SPANDREL_RELEASE() { mutex_.unlock(); }
  [[nodiscard]] bool TryLock() SPANDREL_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a mutex for a scope; may give it back in between. Used by the thread that made it.
class SPANDREL_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) SPANDREL_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() SPANDREL_RELEASE() {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Lock() SPANDREL_ACQUIRE() {
    mutex_.Lock();
    held_ = true;
  }
  void Unlock() SPANDREL_RELEASE() {
    held_ = false;
    mutex_.Unlock();
  }

 private:
  friend class CondVar;
  Mutex& mutex_;
  bool held_ = true;
};

// std::condition_variable for them. The lock is held before and after a wait. A predicate is called
// while it is held; one that reads guarded members is a lambda that says so:
//   ready_.Wait(lock, [this]() SPANDREL_REQUIRES(mutex_) { return !queue_.empty(); });
class CondVar {
 public:
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

  void Wait(MutexLock& lock) {
    Loan loan(lock);
    condition_.wait(loan.held);
  }
  template <typename Predicate>
  void Wait(MutexLock& lock, Predicate predicate) SPANDREL_NO_THREAD_SAFETY_ANALYSIS {
    while (!predicate()) Wait(lock);
  }

  // False when the time was up first; with a predicate: what it says then.
  template <typename Time>
  bool WaitUntil(MutexLock& lock, const Time& deadline) {
    Loan loan(lock);
    return condition_.wait_until(loan.held, deadline) == std::cv_status::no_timeout;
  }
  template <typename Time, typename Predicate>
  bool WaitUntil(MutexLock& lock, const Time& deadline,
                 Predicate predicate) SPANDREL_NO_THREAD_SAFETY_ANALYSIS {
    while (!predicate()) {
      if (!WaitUntil(lock, deadline)) return predicate();
    }
    return true;
  }
  template <typename Duration>
  bool WaitFor(MutexLock& lock, const Duration& duration) {
    return WaitUntil(lock, std::chrono::steady_clock::now() + duration);
  }
  template <typename Duration, typename Predicate>
  bool WaitFor(MutexLock& lock, const Duration& duration, Predicate predicate) {
    return WaitUntil(lock, std::chrono::steady_clock::now() + duration, std::move(predicate));
  }

 private:
  // Lends the mutex that is held to the standard library for one wait.
  struct Loan {
    explicit Loan(MutexLock& lock) : held(lock.mutex_.mutex_, std::adopt_lock) {}
    ~Loan() { held.release(); }
    std::unique_lock<std::mutex> held;
  };

  std::condition_variable condition_;
};

}  // namespace spandrel::base
