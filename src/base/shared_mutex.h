// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <shared_mutex>

#include "base/thread_annotations.h"

namespace spandrel::base {

// std::shared_mutex, which clang's analysis knows: held by one writer or by any number of readers.
class SPANDREL_CAPABILITY("shared_mutex") SharedMutex {
 public:
  SharedMutex() = default;
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  void Lock() SPANDREL_ACQUIRE() { mutex_.lock(); }
  void Unlock() SPANDREL_RELEASE() { mutex_.unlock(); }
  void LockShared() SPANDREL_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void UnlockShared() SPANDREL_RELEASE_SHARED() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

// Holds it alone for a scope.
class SPANDREL_SCOPED_CAPABILITY WriterLock {
 public:
  explicit WriterLock(SharedMutex& mutex) SPANDREL_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~WriterLock() SPANDREL_RELEASE() { mutex_.Unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex& mutex_;
};

// Holds it with other readers for a scope.
class SPANDREL_SCOPED_CAPABILITY ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mutex) SPANDREL_ACQUIRE_SHARED(mutex) : mutex_(mutex) {
    mutex_.LockShared();
  }
  ~ReaderLock() SPANDREL_RELEASE_GENERIC() { mutex_.UnlockShared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mutex_;
};

}  // namespace spandrel::base
