// SPDX-License-Identifier: Apache-2.0
#include "exporters/attempt_log.h"

#include "base/log.h"

namespace spandrel::exporters {

void AttemptLog::Report(const base::Status& status) {
  std::lock_guard lock(mutex_);
  if (status.ok()) {
    if (!last_line_) return;
    ++lines_;
    base::LogInfo("{}: sending again", name_);
    last_line_.reset();
    failures_since_ = 0;
    return;
  }
  ++failures_since_;
  const auto now = clock_.NowSteady();
  if (last_line_ && now - *last_line_ < kInterval) return;
  ++lines_;
  if (last_line_) {
    base::LogWarn("{}: {} attempts failed since the last line, the last one with {}", name_,
                  failures_since_, status.ToString());
  } else {
    base::LogWarn("{}: sending failed: {}", name_, status.ToString());
  }
  last_line_ = now;
  failures_since_ = 0;
}

uint64_t AttemptLog::lines() const {
  std::lock_guard lock(mutex_);
  return lines_;
}

}  // namespace spandrel::exporters
