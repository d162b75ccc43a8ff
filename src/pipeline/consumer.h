// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"

namespace spandrel::pipeline {

// Called exactly once with what became of a batch.
using Completion = std::function<void(base::Status)>;

// The seam between the stages of a pipeline. `Batch` is span::SpanBatch, signal::MetricBatch or
// signal::LogBatch.
template <typename Batch>
class Consumer {
 public:
  virtual ~Consumer() = default;

  // Takes the batch. Calls `done` exactly once, on any thread, possibly before it returns, with one
  // of three outcomes: OK, it is where it should be; retryable (base::Status::retryable), try
  // again, perhaps after retry_after(); anything else, refused for good. A receiver answers its
  // sender from it, so a stage that does not finish with the batch itself hands `done` on. `done`
  // must not block. Any thread may call Consume. Chunks are immutable: a stage that edits makes new
  // ones, since others may hold these.
  virtual void Consume(Batch&& batch, Completion done) = 0;

  // Whether it answers at once, and OK says no more than that the batch is held in memory here,
  // such as in a queue that does not wait for its peer. The same for as long as it lives.
  virtual bool AnswersFromMemory() const { return false; }
};

template <typename Batch>
using ConsumerPtr = std::shared_ptr<Consumer<Batch>>;

}  // namespace spandrel::pipeline
