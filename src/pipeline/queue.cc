// SPDX-License-Identifier: Apache-2.0
#include "pipeline/queue.h"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <optional>
#include <random>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "pipeline/queue_metrics.h"
#include "pipeline/retry_policy.h"

namespace spandrel::pipeline {
namespace {

using std::chrono::nanoseconds;

// What a sender is told to wait when the queue is full.
constexpr auto kRetryWhenFull = std::chrono::milliseconds(1000);
constexpr auto kBetweenLogLines = std::chrono::seconds(10);

}  // namespace

template <typename Batch>
class QueuedSender<Batch>::State : public std::enable_shared_from_this<State> {
 public:
  State(const ComponentContext& context, const QueueRetryOptions& options, AsyncSend<Batch> send,
        Timer& timer)
      : id_(context.id),
        options_(options),
        send_(std::move(send)),
        timer_(timer),
        metrics_(context, kSignal, options.queue),
        random_(std::random_device()()) {}

  void Consume(Batch&& batch, Completion done);
  void Shutdown(std::chrono::steady_clock::time_point deadline);

 private:
  static constexpr signal::Signal kSignal = signal::kSignalOf<Batch>;

  // A batch from the moment it is taken in until its end.
  struct Item {
    Batch batch;
    Completion done;  // null once the sender has been answered
    int64_t weight = 0;
    size_t count = 0;  // spans, data points or log records
    RetryProgress progress;
  };
  using ItemPtr = std::shared_ptr<Item>;

  int64_t WeightOf(const Batch& batch) const;
  base::Status TryTake(const ItemPtr& item);
  void Admit(const ItemPtr& item) SPANDREL_REQUIRES(mutex_);
  void AnswerAdmitted();
  ItemPtr NextToSend();
  void Pump();
  void Send(const ItemPtr& item);
  void EndCall();
  void OnSent(const ItemPtr& item, const base::Status& status);
  std::optional<nanoseconds> RetryDelay(const ItemPtr& item, const base::Status& status,
                                        DropReason* reason) SPANDREL_REQUIRES(mutex_);
  void WakeAt(Timer::TimePoint when);
  void RetryDue();
  void Finish(const ItemPtr& item) SPANDREL_REQUIRES(mutex_);
  void End(const ItemPtr& item, const base::Status& status, DropReason reason);
  bool IsIdle() const SPANDREL_REQUIRES(mutex_) {
    return active_.empty() && waiting_.empty() && blocked_.empty();
  }
  void LogOutcome(const base::Status& status) SPANDREL_REQUIRES(mutex_);
  bool IsLineDue(std::optional<Timer::TimePoint>* last) SPANDREL_REQUIRES(mutex_);
  void LogDrop(const ItemPtr& item, const base::Status& status, DropReason reason);

  const std::string id_;
  const QueueRetryOptions options_;
  const AsyncSend<Batch> send_;
  Timer& timer_;
  QueueMetrics metrics_;

  base::Mutex mutex_;
  base::CondVar changed_;
  // Not taken in yet: block_on_overflow.
  std::deque<ItemPtr> blocked_ SPANDREL_GUARDED_BY(mutex_);
  // Taken in, for a free consumer.
  std::deque<ItemPtr> waiting_ SPANDREL_GUARDED_BY(mutex_);
  // Hold a consumer: sent, or between two attempts.
  std::unordered_set<ItemPtr> active_ SPANDREL_GUARDED_BY(mutex_);
  // Of active_, for the next attempt now, or at a time.
  std::deque<ItemPtr> ready_ SPANDREL_GUARDED_BY(mutex_);
  std::multimap<Timer::TimePoint, ItemPtr> retrying_ SPANDREL_GUARDED_BY(mutex_);
  // To be told OK outside the lock.
  std::vector<Completion> admitted_ SPANDREL_GUARDED_BY(mutex_);
  int64_t size_ SPANDREL_GUARDED_BY(mutex_) = 0;
  // Into the transport and the senders.
  size_t calls_in_progress_ SPANDREL_GUARDED_BY(mutex_) = 0;
  bool stopping_ SPANDREL_GUARDED_BY(mutex_) = false;
  bool closed_ SPANDREL_GUARDED_BY(mutex_) = false;
  bool failing_ SPANDREL_GUARDED_BY(mutex_) = false;
  std::minstd_rand random_ SPANDREL_GUARDED_BY(mutex_);
  std::optional<Timer::TimePoint> last_drop_line_ SPANDREL_GUARDED_BY(mutex_);
  std::optional<Timer::TimePoint> last_trouble_line_ SPANDREL_GUARDED_BY(mutex_);
};

template <typename Batch>
int64_t QueuedSender<Batch>::State::WeightOf(const Batch& batch) const {
  switch (options_.queue.sizer) {
    case QueueSizer::kItems:
      return static_cast<int64_t>(signal::ItemCount(batch));
    case QueueSizer::kBytes:
      return static_cast<int64_t>(batch.byte_size());
    case QueueSizer::kRequests:
      break;
  }
  return 1;
}

template <typename Batch>
void QueuedSender<Batch>::State::Consume(Batch&& batch, Completion done) {
  if (batch.empty()) return done(base::Status());
  auto item = std::make_shared<Item>();
  item->weight = WeightOf(batch);
  item->count = signal::ItemCount(batch);
  item->batch = std::move(batch);
  item->done = std::move(done);
  if (const base::Status taken = TryTake(item); !taken.ok()) {
    metrics_.enqueue_failed.Add(item->count);
    item->batch = {};
    return item->done(taken);
  }
  AnswerAdmitted();
  Pump();
}

template <typename Batch>
base::Status QueuedSender<Batch>::State::TryTake(const ItemPtr& item) {
  const QueueOptions& queue = options_.queue;
  const base::MutexLock lock(mutex_);
  if (stopping_) return base::Status::Unavailable(id_ + ": shutting down", kRetryWhenFull);
  if (!queue.enabled) {
    active_.insert(item);
    ready_.push_back(item);
    return {};
  }
  if (item->weight > queue.queue_size) {
    return {base::StatusCode::kResourceExhausted,
            fmt::format("{}: a batch of {} is larger than the sending queue of {}", id_,
                        item->weight, queue.queue_size)};
  }
  if (blocked_.empty() && size_ + item->weight <= queue.queue_size) {
    Admit(item);
  } else if (queue.block_on_overflow) {
    blocked_.push_back(item);
  } else {
    metrics_.levels->is_full = true;
    return base::Status::Unavailable(id_ + ": sending queue is full", kRetryWhenFull);
  }
  return {};
}

template <typename Batch>
void QueuedSender<Batch>::State::Admit(const ItemPtr& item) {
  size_ += item->weight;
  metrics_.levels->queue_size = size_;
  waiting_.push_back(item);
  if (options_.queue.wait_for_result) return;
  admitted_.push_back(std::move(item->done));
  item->done = nullptr;
}

template <typename Batch>
void QueuedSender<Batch>::State::AnswerAdmitted() {
  std::vector<Completion> admitted;
  {
    const base::MutexLock lock(mutex_);
    admitted.swap(admitted_);
  }
  for (Completion& done : admitted) done(base::Status());
}

template <typename Batch>
auto QueuedSender<Batch>::State::NextToSend() -> ItemPtr {
  const base::MutexLock lock(mutex_);
  if (closed_) return nullptr;
  ItemPtr item;
  if (!ready_.empty()) {
    item = std::move(ready_.front());
    ready_.pop_front();
  } else if (!waiting_.empty() &&
             active_.size() < static_cast<size_t>(options_.queue.num_consumers)) {
    item = std::move(waiting_.front());
    waiting_.pop_front();
    active_.insert(item);
  } else {
    return nullptr;
  }
  ++calls_in_progress_;
  if (!item->progress.first_attempt) item->progress.first_attempt = timer_.Now();
  return item;
}

// A transport that answers at once would otherwise call itself, a batch deeper each time.
template <typename Batch>
void QueuedSender<Batch>::State::Pump() {
  thread_local const State* pumping = nullptr;
  if (pumping == this) return;
  const State* const outer = std::exchange(pumping, this);
  while (const ItemPtr item = NextToSend()) Send(item);
  pumping = outer;
}

template <typename Batch>
void QueuedSender<Batch>::State::Send(const ItemPtr& item) {
  metrics_.levels->in_flight += 1;
  send_(item->batch, options_.timeout,
        [self = this->shared_from_this(), item](base::Status status) {
          self->metrics_.levels->in_flight -= 1;
          self->OnSent(item, status);
        });
  EndCall();
}

template <typename Batch>
void QueuedSender<Batch>::State::EndCall() {
  {
    const base::MutexLock lock(mutex_);
    --calls_in_progress_;
  }
  changed_.NotifyAll();
}

template <typename Batch>
void QueuedSender<Batch>::State::OnSent(const ItemPtr& item, const base::Status& status) {
  base::MutexLock lock(mutex_);
  if (!active_.contains(item)) return;  // given up by Shutdown
  LogOutcome(status);
  DropReason reason = DropReason::kRefused;
  if (const auto delay = RetryDelay(item, status, &reason)) {
    const Timer::TimePoint when = timer_.Now() + *delay;
    retrying_.emplace(when, item);
    lock.Unlock();
    return WakeAt(when);
  }
  ++calls_in_progress_;
  Finish(item);
  lock.Unlock();
  End(item, status, reason);
  AnswerAdmitted();
  Pump();
  EndCall();
}

// Nothing when the outcome is final; `reason` says why a failure is.
template <typename Batch>
std::optional<nanoseconds> QueuedSender<Batch>::State::RetryDelay(const ItemPtr& item,
                                                                  const base::Status& status,
                                                                  DropReason* reason) {
  if (!status.retryable()) return std::nullopt;
  if (stopping_ || !options_.retry.enabled) {
    *reason = stopping_ ? DropReason::kShutdown : DropReason::kRetryDisabled;
    return std::nullopt;
  }
  const double random = std::uniform_real_distribution<double>()(random_);
  const auto delay = NextRetryDelay(options_.retry, status, timer_.Now(), random, &item->progress);
  if (!delay) *reason = DropReason::kMaxElapsedTime;
  return delay;
}

template <typename Batch>
void QueuedSender<Batch>::State::WakeAt(Timer::TimePoint when) {
  timer_.RunAt(when, [weak = this->weak_from_this()] {
    if (const auto self = weak.lock()) self->RetryDue();
  });
}

template <typename Batch>
void QueuedSender<Batch>::State::RetryDue() {
  {
    const base::MutexLock lock(mutex_);
    const Timer::TimePoint now = timer_.Now();
    while (!retrying_.empty() && (stopping_ || retrying_.begin()->first <= now)) {
      ready_.push_back(std::move(retrying_.begin()->second));
      retrying_.erase(retrying_.begin());
    }
  }
  Pump();
}

// Frees the item's place and lets blocked senders in.
template <typename Batch>
void QueuedSender<Batch>::State::Finish(const ItemPtr& item) {
  active_.erase(item);
  if (!options_.queue.enabled) return;
  size_ -= item->weight;
  metrics_.levels->queue_size = size_;
  metrics_.levels->is_full = false;
  while (!blocked_.empty() && size_ + blocked_.front()->weight <= options_.queue.queue_size) {
    Admit(blocked_.front());
    blocked_.pop_front();
  }
}

// Counts the outcome and tells the sender if it still waits for it.
template <typename Batch>
void QueuedSender<Batch>::State::End(const ItemPtr& item, const base::Status& status,
                                     DropReason reason) {
  item->batch = {};
  (status.ok() ? metrics_.sent : metrics_.send_failed).Add(item->count);
  if (item->done) return item->done(status);
  if (status.ok()) return;
  metrics_.dropped[static_cast<size_t>(reason)]->Add(item->count);
  LogDrop(item, status, reason);
}

template <typename Batch>
void QueuedSender<Batch>::State::Shutdown(std::chrono::steady_clock::time_point deadline) {
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  RetryDue();
  std::vector<ItemPtr> left;
  {
    base::MutexLock lock(mutex_);
    changed_.WaitUntil(lock, deadline, [this]() SPANDREL_REQUIRES(mutex_) { return IsIdle(); });
    closed_ = true;
    changed_.Wait(lock, [this]() SPANDREL_REQUIRES(mutex_) { return calls_in_progress_ == 0; });
    left.assign(active_.begin(), active_.end());
    left.insert(left.end(), waiting_.begin(), waiting_.end());
    left.insert(left.end(), blocked_.begin(), blocked_.end());
    for (auto* queue : {&blocked_, &waiting_, &ready_}) queue->clear();
    active_.clear();
    retrying_.clear();
    size_ = 0;
    metrics_.levels->queue_size = 0;
  }
  const auto late =
      base::Status::Unavailable(id_ + ": shut down before the batch was sent", kRetryWhenFull);
  for (const ItemPtr& item : left) End(item, late, DropReason::kShutdown);
}

// One line when trouble starts and one when it is over, not too often.
template <typename Batch>
void QueuedSender<Batch>::State::LogOutcome(const base::Status& status) {
  metrics_.levels->is_failing = status.retryable();
  if (!status.retryable() && failing_) {
    failing_ = false;
    base::LogInfo("exporter {}: answers again", id_);
  } else if (status.retryable() && !failing_ && IsLineDue(&last_trouble_line_)) {
    failing_ = true;
    base::LogWarn("exporter {}: {}; trying again", id_, status.ToString());
  }
}

template <typename Batch>
bool QueuedSender<Batch>::State::IsLineDue(std::optional<Timer::TimePoint>* last) {
  const Timer::TimePoint now = timer_.Now();
  if (*last && now - **last < kBetweenLogLines) return false;
  *last = now;
  return true;
}

template <typename Batch>
void QueuedSender<Batch>::State::LogDrop(const ItemPtr& item, const base::Status& status,
                                         DropReason reason) {
  {
    const base::MutexLock lock(mutex_);
    if (!IsLineDue(&last_drop_line_)) return;
  }
  base::LogError("exporter {}: dropped {} {} ({}): {}", id_, item->count,
                 signal::ItemsWords(kSignal), DropReasonName(reason), status.ToString());
}

template <typename Batch>
QueuedSender<Batch>::QueuedSender(const ComponentContext& context, const QueueRetryOptions& options,
                                  AsyncSend<Batch> send, Timer& timer)
    : state_(std::make_shared<State>(context, options, std::move(send), timer)) {}

template <typename Batch>
QueuedSender<Batch>::~QueuedSender() {
  state_->Shutdown(std::chrono::steady_clock::now());
}

template <typename Batch>
void QueuedSender<Batch>::Consume(Batch&& batch, Completion done) {
  state_->Consume(std::move(batch), std::move(done));
}

template <typename Batch>
void QueuedSender<Batch>::Shutdown(std::chrono::steady_clock::time_point deadline) {
  state_->Shutdown(deadline);
}

template class QueuedSender<span::SpanBatch>;
template class QueuedSender<signal::MetricBatch>;
template class QueuedSender<signal::LogBatch>;

}  // namespace spandrel::pipeline
