// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "config/decode.h"

namespace spandrel::pipeline {

// What `queue_size` counts.
enum class QueueSizer : uint8_t { kRequests, kItems, kBytes };

// `sending_queue` of an exporter.
struct QueueOptions {
  bool enabled = true;
  int64_t num_consumers = 10;  // batches being sent at once
  int64_t queue_size = 1000;   // in units of `sizer`, batches being sent included
  QueueSizer sizer = QueueSizer::kRequests;
  bool block_on_overflow = false;  // a full queue holds the sender's answer back, not the batch off
  bool wait_for_result = false;    // the sender is answered by the peer, not by the queue

  // As Consumer's.
  bool AnswersFromMemory() const { return enabled && !wait_for_result && !block_on_overflow; }
};

// `retry_on_failure` of an exporter.
struct RetryOptions {
  bool enabled = true;
  std::chrono::nanoseconds initial_interval = std::chrono::seconds(5);
  double multiplier = 1.5;
  double randomization_factor = 0.5;  // each delay is drawn from interval * (1 -+ factor)
  std::chrono::nanoseconds max_interval = std::chrono::seconds(30);
  std::chrono::nanoseconds max_elapsed_time = std::chrono::seconds(300);  // 0: for ever
};

// The blocks that every exporter to a network has.
struct QueueRetryOptions {
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);  // of one attempt; 0: none
  QueueOptions queue;
  RetryOptions retry;
};

// Reads the keys `timeout`, `sending_queue` and `retry_on_failure` of an exporter's mapping.
void DecodeQueueRetry(config::Decoder& decoder, QueueRetryOptions* options);

}  // namespace spandrel::pipeline
