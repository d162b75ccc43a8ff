// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <thread>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/mutex.h"

namespace spandrel::server {

// What a watch keeps an eye on. `requests` outlives the watch.
struct WatchedMemory {
  size_t ceiling = 0;
  base::ByteBudget& requests;  // of its limit now is taken off what is beyond `least_requests`
  size_t least_requests = 0;
  std::function<void()> release;             // lets go of what is only kept to be quick
  std::function<void(bool)> set_short = {};  // told when nothing is to be taken in, and when again
};

// Looks at what the kernel says of the process, which the shares cannot know: what an allocator
// keeps of freed memory, pages of files that are mapped. Near the ceiling it gives back what can be
// had again, the less often the less that helps. Where it does not help nothing is taken in until
// there is room; then half as much as before at a time, and slowly more. One thread of its own.
class MemoryWatch {
 public:
  MemoryWatch(WatchedMemory watched, base::MetricRegistry& metrics);
  ~MemoryWatch() { Stop(); }

  void Start();
  void Stop();

  // One look, at that many resident bytes; what is resident after what was given back. Of the
  // watching thread, and of tests instead of it.
  void Look(const std::function<double()>& resident);

 private:
  void Run();
  double Release(double before, const std::function<double()>& resident);
  void Close();
  void Widen();
  void SetRequests() const;

  const WatchedMemory watched_;
  const double ceiling_;
  const size_t full_requests_;
  base::Counter& releases_;
  base::Counter& closings_;
  double floor_ = 0;            // resident after the last release
  unsigned looks_to_skip_ = 0;  // before the next release
  unsigned patience_ = 0;       // looks to skip after a release that does not help
  bool closed_ = false;
  double width_ = 1;  // of what is beyond `least_requests`

  base::Mutex mutex_;
  base::CondVar wake_;
  bool stopping_ SPANDREL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace spandrel::server
