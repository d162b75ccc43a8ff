// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>

#include "base/mutex.h"
#include "base/thread.h"

namespace spandrel::columnar {

// A thread that does rounds of background work: when it is woken, and when the last round asked to
// be run again. It sleeps otherwise, so an idle store costs nothing.
class RoundThread {
 public:
  // Does one round; says after which time at the latest the next one is due, if any.
  using Round = std::function<std::optional<std::chrono::milliseconds>()>;

  ~RoundThread() { Stop(); }

  void Start(base::ThreadName name, Round round);
  // Any thread; does not wait.
  void Wake();
  // Wakes the thread and waits until a round has run from its beginning to its end.
  void RunNow();
  // Waits for the round that is running, then ends the thread.
  void Stop();

 private:
  void Run(const Round& round);

  base::Mutex mutex_;
  base::CondVar wake_;
  base::CondVar finished_;
  uint64_t wanted_ SPANDREL_GUARDED_BY(mutex_) = 0;  // rounds that somebody asked for
  uint64_t done_ SPANDREL_GUARDED_BY(mutex_) = 0;    // wishes that have been met
  bool stopping_ SPANDREL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace spandrel::columnar
