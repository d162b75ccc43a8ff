// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "pipeline/component.h"
#include "pipeline/consumer.h"
#include "pipeline/queue_options.h"
#include "pipeline/timer.h"
#include "signal/batch.h"

namespace spandrel::pipeline {

// Sends one batch to the peer and calls `done` exactly once, on any thread, possibly before it
// returns. `timeout` bounds the attempt (DEADLINE_EXCEEDED); 0 means none. Must not block.
template <typename Batch>
using AsyncSend =
    std::function<void(Batch batch, std::chrono::nanoseconds timeout, Completion done)>;

// Queue, retry and time limit in front of an exporter's transport, for any signal. A batch is taken
// when the queue has room (full: UNAVAILABLE with a delay, or held back by block_on_overflow), sent
// while fewer than num_consumers are, sent again after retryable failures, and dropped when the
// failure is final; each item ends in one counter (sent, send_failed, enqueue_failed) and every
// drop has a reason. A batch that waits for its next attempt keeps its place among the consumers,
// so that a peer in trouble is not stormed. The bytes held are those that the chunks have reserved
// already.
//
// Thread-safe. Owns no thread: work runs on the caller's, the transport's and the timer's.
// Batches handed to `send` belong to the transport, which must let go of them when it is closed.
template <typename Batch>
class QueuedSender {
 public:
  QueuedSender(const ComponentContext& context, const QueueRetryOptions& options,
               AsyncSend<Batch> send, Timer& timer = SystemTimer());
  ~QueuedSender();

  // Consumer::Consume's contract. With a queue and without wait_for_result, `done` says OK as soon
  // as the batch is queued. After Shutdown: UNAVAILABLE.
  void Consume(Batch&& batch, Completion done);

  // Takes in nothing more, gives every batch that is left one last attempt, and returns when all
  // are done or at `deadline`; then what is left is dropped and counted (reason "shutdown"). Call
  // it before the transport is closed. `send` is not called afterwards.
  void Shutdown(std::chrono::steady_clock::time_point deadline);

 private:
  class State;
  std::shared_ptr<State> state_;
};

extern template class QueuedSender<span::SpanBatch>;
extern template class QueuedSender<signal::MetricBatch>;
extern template class QueuedSender<signal::LogBatch>;

}  // namespace spandrel::pipeline
