// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "pipeline/consumer.h"

namespace spandrel::pipeline {

// Hands each batch to several consumers, which share its chunks, and joins what they say: refused
// for good if one refuses for good, else try again if one says so (after the longest delay asked
// for), else OK. A sender that tries again therefore repeats itself to the consumers that were
// content. Thread-safe.
class FanOut final : public Consumer {
 public:
  explicit FanOut(std::vector<std::shared_ptr<Consumer>> consumers)
      : consumers_(std::move(consumers)) {}

  void Consume(span::SpanBatch&& batch, Completion done) override;

 private:
  const std::vector<std::shared_ptr<Consumer>> consumers_;
};

// The one consumer, or a FanOut over them. `consumers` is not empty.
std::shared_ptr<Consumer> JoinConsumers(std::vector<std::shared_ptr<Consumer>> consumers);

}  // namespace spandrel::pipeline
