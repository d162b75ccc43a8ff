// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "service.h"

namespace spandrel::demo {

// A slow MySQL that exists only in its spans. Its connection pool has one connection, so that
// statements of concurrent requests queue; the baggage says whose statement holds it. Thread-safe.
class Database {
 public:
  Database(Tracer tracer, std::chrono::milliseconds delay, bool one_connection)
      : tracer_(std::move(tracer)), delay_(delay), one_connection_(one_connection) {}

  void Select(const std::string& statement, const std::string& table);

 private:
  void TakeConnection(const Span& span, const std::string& request);
  void ReturnConnection();

  const Tracer tracer_;
  const std::chrono::milliseconds delay_;
  const bool one_connection_;

  std::mutex mutex_;
  std::condition_variable returned_;
  bool taken_ = false;              // guarded by mutex_
  std::vector<std::string> queue_;  // requests with or before the connection; guarded by mutex_
};

}  // namespace spandrel::demo
