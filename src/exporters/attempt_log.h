// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace spandrel::exporters {

// Tells the log how an exporter gets on without a line for each attempt: the first failure, then
// one line a minute with the number since, then one when it works again. Thread-safe.
class AttemptLog {
 public:
  static constexpr std::chrono::seconds kInterval{60};

  // `name` begins each line: "jaeger: jaeger:14250".
  explicit AttemptLog(std::string name, const base::Clock& clock = base::SystemClock())
      : name_(std::move(name)), clock_(clock) {}

  void Report(const base::Status& status);

  // The lines that were due so far.
  uint64_t lines() const;

 private:
  const std::string name_;
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point>
      last_line_;                // guarded by mutex_; of failures
  uint64_t failures_since_ = 0;  // guarded by mutex_
  uint64_t lines_ = 0;           // guarded by mutex_
};

}  // namespace spandrel::exporters
