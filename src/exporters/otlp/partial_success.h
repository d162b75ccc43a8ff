// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "pipeline/component.h"
#include "signal/signal.h"
#include "wire/otlp/otlp.h"

namespace spandrel::exporters {

// What to do with a peer's answer to an export that it took: items it rejected are counted and told
// to the log, a line a minute at most, and never sent again (OTLP specification, partial success).
// Thread-safe.
class PartialSuccessReport {
 public:
  static constexpr std::chrono::minutes kBetweenLines{1};

  PartialSuccessReport(const pipeline::ComponentContext& context, signal::Signal signal,
                       const base::Clock& clock = base::SystemClock());

  void Add(const wire::PartialSuccess& partial);
  // The lines written so far.
  uint64_t lines() const;

 private:
  const std::string id_;
  const signal::Signal signal_;
  const base::Clock& clock_;
  base::Counter& rejected_;
  mutable base::Mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> last_line_ SPANDREL_GUARDED_BY(mutex_);
  int64_t rejected_since_ SPANDREL_GUARDED_BY(mutex_) = 0;
  uint64_t lines_ SPANDREL_GUARDED_BY(mutex_) = 0;
};

}  // namespace spandrel::exporters
