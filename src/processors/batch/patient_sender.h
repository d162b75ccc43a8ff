// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "pipeline/component.h"
#include "pipeline/consumer.h"
#include "pipeline/timer.h"
#include "signal/batch.h"

namespace spandrel::processors {

// Hands on batches whose senders have been answered already, to a consumer that answers from
// memory. What is refused for now, by a full queue, is kept and handed on again; meanwhile nothing
// more should be taken. Drops only what is refused for good, or still kept when it is closed, and
// counts it. Thread-safe; owns no thread.
template <typename Batch>
class PatientSender : public std::enable_shared_from_this<PatientSender<Batch>> {
 public:
  PatientSender(const pipeline::ComponentContext& context, pipeline::ConsumerPtr<Batch> next,
                pipeline::Timer& timer)
      : id_(context.id),
        next_(std::move(next)),
        timer_(timer),
        refused_(DroppedCounter(context, "refused")),
        shut_down_(DroppedCounter(context, "shutdown")) {}

  void Send(Batch&& batch) {
    {
      const base::MutexLock lock(mutex_);
      ++unsettled_;
    }
    Hand(std::move(batch));
  }

  // What the consumer said when it refused what is kept; OK while nothing is.
  base::Status WhyNot() const {
    const base::MutexLock lock(mutex_);
    return kept_.empty() ? base::Status() : why_;
  }

  // Goes on until all is handed on or `deadline`; what is left then is dropped.
  void Close(std::chrono::steady_clock::time_point deadline) {
    std::vector<Batch> left;
    {
      base::MutexLock lock(mutex_);
      settled_.WaitUntil(lock, deadline,
                         [this]() SPANDREL_REQUIRES(mutex_) { return unsettled_ == 0; });
      is_closed_ = true;
      left.swap(kept_);
      unsettled_ -= left.size();
    }
    for (const Batch& batch : left) Drop(batch, shut_down_, "the server stops");
  }

 private:
  static base::Counter& DroppedCounter(const pipeline::ComponentContext& context,
                                       const std::string& reason) {
    return context.metrics.AddCounter("spandrel_processor_batch_dropped_items_total",
                                      {{"processor", context.id}, {"reason", reason}});
  }

  void Hand(Batch&& batch) {
    Batch copy(batch);  // shares what it holds
    next_->Consume(std::move(copy), [self = this->shared_from_this(),
                                     batch = std::move(batch)](const base::Status& status) mutable {
      self->Answered(std::move(batch), status);
    });
  }

  void Answered(Batch&& batch, const base::Status& status) {
    if (status.retryable() && Keep(&batch, status)) return;
    if (!status.ok()) {
      Drop(batch, status.retryable() ? shut_down_ : refused_, status.message());
    }
    const base::MutexLock lock(mutex_);
    if (--unsettled_ == 0) settled_.NotifyAll();
  }

  // False after Close.
  bool Keep(Batch* batch, const base::Status& status) {
    bool is_first = false;
    {
      const base::MutexLock lock(mutex_);
      if (is_closed_) return false;
      is_first = kept_.empty();
      kept_.push_back(std::move(*batch));
      why_ = status;
    }
    if (is_first) TryAgainIn(status.retry_after().value_or(kDefaultDelay));
    return true;
  }

  void TryAgainIn(std::chrono::nanoseconds delay) {
    delay = std::min<std::chrono::nanoseconds>(delay, kMaxDelay);
    timer_.RunAt(timer_.Now() + delay, [weak = this->weak_from_this()] {
      if (const auto self = weak.lock()) self->TryAgain();
    });
  }

  void TryAgain() {
    std::vector<Batch> again;
    {
      const base::MutexLock lock(mutex_);
      again.swap(kept_);
    }
    for (Batch& batch : again) Hand(std::move(batch));
  }

  void Drop(const Batch& batch, base::Counter& counter, std::string_view why) {
    counter.Add(signal::ItemCount(batch));
    base::LogWarn("{}: {} items are dropped: {}", id_, signal::ItemCount(batch), why);
  }

  static constexpr std::chrono::milliseconds kDefaultDelay{100};
  static constexpr std::chrono::seconds kMaxDelay{1};

  const std::string id_;
  const pipeline::ConsumerPtr<Batch> next_;
  pipeline::Timer& timer_;
  base::Counter& refused_;
  base::Counter& shut_down_;

  mutable base::Mutex mutex_;
  base::CondVar settled_;
  std::vector<Batch> kept_ SPANDREL_GUARDED_BY(mutex_);
  base::Status why_ SPANDREL_GUARDED_BY(mutex_);
  size_t unsettled_ SPANDREL_GUARDED_BY(mutex_) = 0;  // handed on and not answered, or kept
  bool is_closed_ SPANDREL_GUARDED_BY(mutex_) = false;
};

}  // namespace spandrel::processors
