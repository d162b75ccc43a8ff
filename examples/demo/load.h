// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace spandrel::demo {

// People who order rides: requests at random moments, so many a second on average. Not traced
// itself.
class Load {
 public:
  // 0 requests a second: none.
  Load(std::string dispatch_url, double requests_per_second);
  // Waits for the answers under way.
  ~Load();

 private:
  void Run();
  void Order(const std::string& url);

  const std::string dispatch_url_;
  const double requests_per_second_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  int under_way_ = 0;      // guarded by mutex_
  std::thread thread_;
};

}  // namespace spandrel::demo
