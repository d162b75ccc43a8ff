// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pipeline/component.h"
#include "pipeline/timer.h"
#include "processors/batch/config.h"

namespace spandrel::processors {

// Merges small batches into larger ones. A caller's completion is held until the batch that its
// spans went with is where it should be, so errors reach every sender. When part of a batch that
// had to be cut fails, all of its senders are told; they send again, and stores take a span only
// once.
//
// Owns no thread: a batch that is full is sent on by the thread that filled it, one whose time is
// up by the timer's. What waits is bounded by the byte budget that the chunks have reserved.
class BatchProcessor : public pipeline::Processor {
 public:
  BatchProcessor(const pipeline::ComponentContext& context, const BatchOptions& options,
                 std::shared_ptr<pipeline::Consumer> next, pipeline::Timer& timer);
  ~BatchProcessor() override;

  base::Status Start() override { return {}; }
  // Sends on what waits; what comes later is sent on at once.
  void Shutdown(std::chrono::steady_clock::time_point deadline) override;
  void Consume(span::SpanBatch&& batch, pipeline::Completion done) override;

 private:
  class State;
  const std::shared_ptr<State> state_;
};

}  // namespace spandrel::processors
