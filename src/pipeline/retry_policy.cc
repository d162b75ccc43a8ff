// SPDX-License-Identifier: Apache-2.0
#include "pipeline/retry_policy.h"

#include <algorithm>

namespace spandrel::pipeline {
namespace {

using std::chrono::nanoseconds;

nanoseconds Scale(nanoseconds duration, double factor) {
  const double scaled = static_cast<double>(duration.count()) * factor;
  return nanoseconds(static_cast<int64_t>(std::clamp(scaled, 0.0, 9e18)));
}

}  // namespace

std::optional<nanoseconds> NextRetryDelay(const RetryOptions& options, const base::Status& failure,
                                          std::chrono::steady_clock::time_point now, double random,
                                          RetryProgress* progress) {
  if (progress->interval == nanoseconds(0)) {
    progress->interval = std::min(options.initial_interval, options.max_interval);
  }
  const double jitter = 1 + options.randomization_factor * (2 * random - 1);
  nanoseconds delay = Scale(progress->interval, jitter);
  progress->interval =
      std::min(Scale(progress->interval, options.multiplier), options.max_interval);
  if (failure.retry_after()) delay = std::max<nanoseconds>(delay, *failure.retry_after());

  const bool has_end = options.max_elapsed_time > nanoseconds(0);
  const nanoseconds elapsed = now - progress->first_attempt.value_or(now);
  if (has_end && elapsed + delay > options.max_elapsed_time) return std::nullopt;
  return delay;
}

}  // namespace spandrel::pipeline
