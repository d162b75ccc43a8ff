// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "pipeline/consumer.h"
#include "signal/record_batch.h"
#include "span/span_batch.h"

namespace spandrel::pipeline {

// A stage that nothing is handed to any more, while calls to it may still be under way.
using Left = std::weak_ptr<const void>;
// Returns when the calls under way to all of them have returned, or at `deadline`.
void WaitUntilLeft(const std::vector<Left>& stages, std::chrono::steady_clock::time_point deadline);

// Where a receiver hands the batches of one signal. The graph points it at the first stage of the
// pipelines that name the receiver, and at another when the configuration is read again; the
// receiver goes on listening meanwhile. Thread-safe.
template <typename Batch>
class Output {
 public:
  Output() = default;
  explicit Output(ConsumerPtr<Batch> next) { Point(std::move(next)); }

  // Whether a pipeline takes this signal from the receiver.
  bool is_connected() const { return Get() != nullptr; }

  // Consumer::Consume's contract. UNIMPLEMENTED when nothing is connected.
  void Consume(Batch&& batch, Completion done) const {
    const auto target = Get();
    if (target == nullptr) {
      return done({base::StatusCode::kUnimplemented, "no pipeline takes this signal"});
    }
    (*target)->Consume(std::move(batch), std::move(done));
  }

  // From now on `next`, perhaps null, gets what comes. What came before may still be on its way to
  // the stage before; see WaitUntilLeft.
  Left Point(ConsumerPtr<Batch> next) {
    auto target = next ? std::make_shared<const ConsumerPtr<Batch>>(std::move(next)) : nullptr;
    base::MutexLock lock(mutex_);
    target_.swap(target);
    return target;
  }

 private:
  // Held by each call while it runs, so that its end can be seen.
  using Target = std::shared_ptr<const ConsumerPtr<Batch>>;

  Target Get() const {
    base::MutexLock lock(mutex_);
    return target_;
  }

  mutable base::Mutex mutex_;
  Target target_ SPANDREL_GUARDED_BY(mutex_);
};

// What one receiver feeds: an output for each signal, none of them null. A receiver that several
// pipelines name, of one signal or of three, is one receiver and listens once.
struct Outputs {
  std::shared_ptr<Output<span::SpanBatch>> traces = std::make_shared<Output<span::SpanBatch>>();
  std::shared_ptr<Output<signal::MetricBatch>> metrics =
      std::make_shared<Output<signal::MetricBatch>>();
  std::shared_ptr<Output<signal::LogBatch>> logs = std::make_shared<Output<signal::LogBatch>>();

  template <typename Batch>
  const std::shared_ptr<Output<Batch>>& get() const {
    if constexpr (std::is_same_v<Batch, signal::MetricBatch>) {
      return metrics;
    } else if constexpr (std::is_same_v<Batch, signal::LogBatch>) {
      return logs;
    } else {
      return traces;
    }
  }
};

}  // namespace spandrel::pipeline
