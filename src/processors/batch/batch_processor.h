// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pipeline/component.h"
#include "pipeline/timer.h"
#include "processors/batch/config.h"
#include "signal/batch.h"

namespace spandrel::processors {

// Merges small batches of one signal into larger ones. No caller waits for a timer:
//   * When what follows answers from memory (Consumer::AnswersFromMemory), callers are answered at
//     once. What it refuses for now is kept and handed on again, and callers are refused meanwhile.
//   * Otherwise a caller is answered when the batch that its records went with is where it should
//     be, so errors reach every sender. A batch is sent on at once when none is under way before
//     it; what comes meanwhile goes together when that is done. When part of a batch that had to be
//     cut fails, all of its senders are told; they send again, and stores take a span only once.
//
// Batches of different tenants, or of different values of the request metadata that `metadata_keys`
// names, are never merged; what was merged has an origin of just these.
//
// Owns no thread: a batch that is full is sent on by the thread that filled it, one whose time is
// up by the timer's. What waits is bounded by the byte budget that the chunks have reserved, and by
// `metadata_cardinality_limit` different origins at a time.
template <typename Batch>
class BatchProcessor final : public pipeline::Processor<Batch> {
 public:
  BatchProcessor(const pipeline::ComponentContext& context, const BatchOptions& options,
                 pipeline::ConsumerPtr<Batch> next, pipeline::Timer& timer);
  ~BatchProcessor() override;

  base::Status Start() override { return {}; }
  // Sends on what waits and returns when all that was taken has been handed on; what comes later is
  // sent on at once.
  void Shutdown(std::chrono::steady_clock::time_point deadline) override;
  void Consume(Batch&& batch, pipeline::Completion done) override;
  bool AnswersFromMemory() const override;

 private:
  class State;
  const std::shared_ptr<State> state_;
};

extern template class BatchProcessor<span::SpanBatch>;
extern template class BatchProcessor<signal::MetricBatch>;
extern template class BatchProcessor<signal::LogBatch>;

}  // namespace spandrel::processors
