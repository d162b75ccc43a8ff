// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "pipeline/component.h"
#include "pipeline/queue_options.h"
#include "signal/signal.h"

namespace spandrel::pipeline {

// Why an acknowledged batch was lost.
enum class DropReason : uint8_t { kRefused, kRetryDisabled, kMaxElapsedTime, kShutdown };
const char* DropReasonName(DropReason reason);

// The counters and gauges of one QueuedSender, and how it is. Thread-safe.
struct QueueMetrics {
  QueueMetrics(const ComponentContext& context, signal::Signal signal, const QueueOptions& options);

  // Read by the registry, perhaps while the sender is being destroyed.
  struct Levels {
    std::atomic<int64_t> queue_size{0};
    std::atomic<int64_t> in_flight{0};
    std::atomic<bool> is_full{false};     // the last batch found no room, and none was made since
    std::atomic<bool> is_failing{false};  // the peer gives no final answer
  };
  std::shared_ptr<Levels> levels = std::make_shared<Levels>();
  base::Counter& sent;
  base::Counter& send_failed;
  base::Counter& enqueue_failed;
  std::array<base::Counter*, 4> dropped{};  // by DropReason
  std::vector<std::shared_ptr<void>> gauges;
  std::shared_ptr<void> health;
};

}  // namespace spandrel::pipeline
