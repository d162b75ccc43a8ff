// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace spandrel::sdk {

// What became of the spans that left the buffer.
struct ExportCounters {
  std::atomic<uint64_t> exported{0};
  std::atomic<uint64_t> rejected{0};
  std::atomic<uint64_t> retry_expired{0};
  std::atomic<uint64_t> shutdown{0};
  std::atomic<uint64_t> spooled{0};
  std::atomic<uint64_t> spool_exported{0};
  std::atomic<uint64_t> spool_rejected{0};
  std::atomic<uint64_t> spool_corrupt_files{0};
  std::atomic<uint64_t> in_flight{0};  // spans of requests under way
  // Told about each request that ended; set before the exporter starts, or null.
  std::function<void(std::chrono::nanoseconds, std::string_view error)> operation_ended;

  // In the child of a fork, whose spans are its own.
  void Reset() {
    for (std::atomic<uint64_t>* count :
         {&exported, &rejected, &retry_expired, &shutdown, &spooled, &spool_exported,
          &spool_rejected, &spool_corrupt_files, &in_flight}) {
      *count = 0;
    }
  }
  uint64_t lost() const { return rejected + retry_expired + shutdown; }
};

// Tells about trouble in at most one line a minute, and at once when it begins. For one thread.
class LossReporter {
 public:
  explicit LossReporter(std::string collector) : collector_(std::move(collector)) {}

  void OutageBegins(const std::string& status) {
    if (DueAgain(last_outage_))
      base::LogWarn("spandrel sdk: spans wait, {} does not take them: {}", collector_, status);
  }
  void Lost(uint64_t spans_lost_so_far, const std::string& reason) {
    if (spans_lost_so_far == reported_ || !DueAgain(last_loss_)) return;
    reported_ = spans_lost_so_far;
    base::LogWarn("spandrel sdk: {} spans for {} lost so far: {}", spans_lost_so_far, collector_,
                  reason);
  }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  static bool DueAgain(TimePoint& last) {
    const TimePoint now = std::chrono::steady_clock::now();
    if (last != TimePoint() && now - last < std::chrono::minutes(1)) return false;
    last = now;
    return true;
  }

  const std::string collector_;
  TimePoint last_outage_;
  TimePoint last_loss_;
  uint64_t reported_ = 0;
};

}  // namespace spandrel::sdk
