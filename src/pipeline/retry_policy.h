// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "base/status.h"
#include "pipeline/queue_options.h"

namespace spandrel::pipeline {

// Where one batch stands between its attempts.
struct RetryProgress {
  std::optional<std::chrono::steady_clock::time_point> first_attempt;
  std::chrono::nanoseconds interval{0};  // 0: no retry yet
};

// How long to wait before the next attempt after `failure`, which is retryable: exponential
// back-off with jitter (`random` in [0, 1)), or the peer's wish if that is longer. Nothing when the
// next attempt would come after max_elapsed_time: give up.
std::optional<std::chrono::nanoseconds> NextRetryDelay(const RetryOptions& options,
                                                       const base::Status& failure,
                                                       std::chrono::steady_clock::time_point now,
                                                       double random, RetryProgress* progress);

}  // namespace spandrel::pipeline
