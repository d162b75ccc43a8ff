// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "pipeline/consumer.h"

namespace spandrel::pipeline {

// Joins the outcomes of the branches that one batch was handed to: refused for good if one refuses
// for good, else try again if one says so (after the longest delay asked for), else OK.
// `branches` completions, each to be called once.
std::vector<Completion> JoinOutcomes(size_t branches, Completion done);

// Hands each batch to several consumers, which share its chunks, and joins what they say. A sender
// that tries again therefore repeats itself to the consumers that were content. Thread-safe.
template <typename Batch>
class FanOut final : public Consumer<Batch> {
 public:
  explicit FanOut(std::vector<ConsumerPtr<Batch>> consumers) : consumers_(std::move(consumers)) {}

  void Consume(Batch&& batch, Completion done) override {
    std::vector<Completion> joined = JoinOutcomes(consumers_.size(), std::move(done));
    for (size_t i = 0; i + 1 < consumers_.size(); ++i) {
      consumers_[i]->Consume(Batch(batch), std::move(joined[i]));
    }
    consumers_.back()->Consume(std::move(batch), std::move(joined.back()));
  }
  bool AnswersFromMemory() const override {
    return std::all_of(consumers_.begin(), consumers_.end(),
                       [](const auto& consumer) { return consumer->AnswersFromMemory(); });
  }

 private:
  const std::vector<ConsumerPtr<Batch>> consumers_;
};

// The one consumer, or a FanOut over them. `consumers` is not empty.
template <typename Batch>
ConsumerPtr<Batch> JoinConsumers(std::vector<ConsumerPtr<Batch>> consumers) {
  SPANDREL_CHECK(!consumers.empty());
  if (consumers.size() == 1) return std::move(consumers.front());
  return std::make_shared<FanOut<Batch>>(std::move(consumers));
}

}  // namespace spandrel::pipeline
