// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/batch_processor.h"

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "processors/batch/completion_join.h"
#include "processors/batch/origin_key.h"
#include "processors/batch/patient_sender.h"
#include "processors/factories.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_records.h"

namespace spandrel::processors {
namespace {

base::Counter& CounterOf(const pipeline::ComponentContext& context, const char* name) {
  return context.metrics.AddCounter(name, {{"processor", context.id}});
}

}  // namespace

template <typename Batch>
class BatchProcessor<Batch>::State : public std::enable_shared_from_this<State> {
 public:
  State(const pipeline::ComponentContext& context, const BatchOptions& options,
        pipeline::ConsumerPtr<Batch> next, pipeline::Timer& timer)
      : options_(options),
        next_(std::move(next)),
        patient_(next_->AnswersFromMemory()
                     ? std::make_shared<PatientSender<Batch>>(context, next_, timer)
                     : nullptr),
        timer_(timer),
        size_triggers_(CounterOf(context, "otelcol_processor_batch_batch_size_trigger_send")),
        timeout_triggers_(CounterOf(context, "otelcol_processor_batch_timeout_trigger_send")),
        sent_batches_(CounterOf(context, "otelcol_processor_batch_batch_send_size_count")),
        sent_items_(CounterOf(context, "otelcol_processor_batch_batch_send_size_sum")),
        gauge_(context.metrics.AddGauge(
            "otelcol_processor_batch_metadata_cardinality",
            {{"data_type", std::string(signal::SignalName(signal::kSignalOf<Batch>))},
             {"processor", context.id}},
            [origins = origins_] { return static_cast<double>(origins->load()); })) {}

  bool answers_from_memory() const { return patient_ != nullptr; }

  void Add(Batch&& batch, pipeline::Completion done) {
    if (batch.empty()) return done({});
    const OriginKey key = KeyOf(batch.origin(), options_.metadata_keys);
    Added added;
    {
      const base::MutexLock lock(mutex_);
      added.refusal = WhyNot(key);
      if (added.refusal.ok()) Append(key, std::move(batch), &done, &added);
    }
    for (Waiting& one : added.ready) SendTaken(std::move(one));
    if (!added.refusal.ok() || answers_from_memory()) done(std::move(added.refusal));
    if (added.starts_waiting != 0) SendAtTimeout(key, added.starts_waiting);
  }

  void Close(std::chrono::steady_clock::time_point deadline) {
    std::vector<Waiting> rest;
    {
      base::MutexLock lock(mutex_);
      closed_ = true;
      while (!waiting_.empty()) rest.push_back(Take(waiting_.begin()));
    }
    for (Waiting& one : rest) SendTaken(std::move(one));
    {
      base::MutexLock lock(mutex_);
      sent_.WaitUntil(lock, deadline, [this]() SPANDREL_REQUIRES(mutex_) { return sending_ == 0; });
    }
    if (patient_ != nullptr) patient_->Close(deadline);
  }

 private:
  // Records that go on together, and who waits to hear of them.
  struct Waiting {
    Batch batch;
    size_t bytes = 0;
    std::vector<pipeline::Completion> waiters;
    OriginKey key = {};  // once it is taken
    signal::SharedOrigin origin;
    uint64_t generation = 0;
  };
  using WaitingMap = std::map<OriginKey, Waiting>;

  // What came of a batch that was added.
  struct Added {
    base::Status refusal;
    std::vector<Waiting> ready;   // to be sent on
    uint64_t starts_waiting = 0;  // the generation of what starts to wait; 0: nothing does
  };

  size_t max_items() const { return static_cast<size_t>(options_.send_batch_max_size); }
  size_t max_bytes() const { return static_cast<size_t>(options_.send_batch_max_bytes); }

  base::Status WhyNot(const OriginKey& key) const SPANDREL_REQUIRES(mutex_) {
    const auto limit = static_cast<size_t>(options_.metadata_cardinality_limit);
    if (limit > 0 && waiting_.size() >= limit && !waiting_.contains(key)) {
      return base::Status::Unavailable("batch: too many different origins wait",
                                       std::chrono::seconds(1));
    }
    return patient_ != nullptr ? patient_->WhyNot() : base::Status();
  }

  void Append(const OriginKey& key, Batch&& batch, pipeline::Completion* done, Added* added)
      SPANDREL_REQUIRES(mutex_) {
    const size_t bytes = wire::EncodedOtlpSize(batch);
    auto found = waiting_.find(key);
    if (found != waiting_.end() && Overflows(found->second, signal::ItemCount(batch), bytes)) {
      size_triggers_.Add();
      added->ready.push_back(Take(found));
      found = waiting_.end();
    }
    if (found == waiting_.end()) {
      found = Open(key);
      added->starts_waiting = found->second.generation;
    }
    Waiting& waiting = found->second;
    batch.set_origin(waiting.origin);
    waiting.bytes += bytes;
    waiting.batch.Append(std::move(batch));
    if (!answers_from_memory()) waiting.waiters.push_back(std::move(*done));
    const bool is_full = IsFull(waiting);
    if (is_full) size_triggers_.Add();
    if (!is_full && (answers_from_memory() || under_way_.contains(key))) return;
    added->ready.push_back(Take(found));
    added->starts_waiting = 0;
  }

  // Whether what waits would be over a limit with that much more. Sending it on before is better
  // than cutting afterwards: chunks stay whole, and whole chunks are passed on without encoding.
  bool Overflows(const Waiting& waiting, size_t items, size_t bytes) const {
    if (max_items() > 0 && signal::ItemCount(waiting.batch) + items > max_items()) return true;
    return max_bytes() > 0 && waiting.bytes + bytes > max_bytes();
  }

  bool IsFull(const Waiting& waiting) const SPANDREL_REQUIRES(mutex_) {
    if (closed_ || options_.timeout.count() == 0) return true;
    const size_t items = signal::ItemCount(waiting.batch);
    if (items >= static_cast<size_t>(options_.send_batch_size)) return true;
    return max_bytes() > 0 && waiting.bytes >= max_bytes();
  }

  typename WaitingMap::iterator Open(const OriginKey& key) SPANDREL_REQUIRES(mutex_) {
    const auto opened = waiting_.try_emplace(key).first;
    opened->second.origin = OriginOf(key);
    opened->second.generation = ++last_generation_;
    origins_->store(waiting_.size());
    return opened;
  }

  // To be handed to SendTaken.
  Waiting Take(typename WaitingMap::iterator at) SPANDREL_REQUIRES(mutex_) {
    ++sending_;
    if (!answers_from_memory()) ++under_way_[at->first];
    Waiting taken = std::move(at->second);
    taken.key = at->first;
    waiting_.erase(at);
    origins_->store(waiting_.size());
    return taken;
  }

  void SendAtTimeout(const OriginKey& key, uint64_t generation) {
    timer_.RunAt(timer_.Now() + options_.timeout, [weak = this->weak_from_this(), key, generation] {
      const auto state = weak.lock();
      if (state && state->SendIfStillWaiting(key, generation)) state->timeout_triggers_.Add();
    });
  }

  bool SendIfStillWaiting(const OriginKey& key, uint64_t generation) {
    Waiting due;
    {
      const base::MutexLock lock(mutex_);
      const auto found = waiting_.find(key);
      if (found == waiting_.end() || found->second.generation != generation) return false;
      due = Take(found);
    }
    SendTaken(std::move(due));
    return true;
  }

  // By the timer, since a completion must not block, and would be inside of another.
  void SendWhatWaits(const OriginKey& key) {
    uint64_t generation = 0;
    {
      const base::MutexLock lock(mutex_);
      const auto under_way = under_way_.find(key);
      if (--under_way->second > 0) return;
      under_way_.erase(under_way);
      const auto found = waiting_.find(key);
      if (found == waiting_.end()) return;
      generation = found->second.generation;
    }
    timer_.RunAt(timer_.Now(), [weak = this->weak_from_this(), key, generation] {
      if (const auto state = weak.lock()) state->SendIfStillWaiting(key, generation);
    });
  }

  void SendTaken(Waiting taken) {
    Send(std::move(taken));
    base::MutexLock lock(mutex_);
    if (--sending_ == 0) sent_.NotifyAll();
  }

  void Send(Waiting taken) {
    std::vector<Batch> parts;
    if ((max_items() > 0 && signal::ItemCount(taken.batch) > max_items()) ||
        (max_bytes() > 0 && taken.bytes > max_bytes())) {
      parts = wire::SplitBatch(std::move(taken.batch), max_items(), max_bytes());
    } else {
      parts.push_back(std::move(taken.batch));
    }
    for (const Batch& part : parts) {
      sent_batches_.Add();
      sent_items_.Add(signal::ItemCount(part));
    }
    if (answers_from_memory()) {
      for (Batch& part : parts) patient_->Send(std::move(part));
      return;
    }
    taken.waiters.push_back([self = this->shared_from_this(), key = std::move(taken.key)](
                                const base::Status&) { self->SendWhatWaits(key); });
    auto join = std::make_shared<CompletionJoin>(parts.size(), std::move(taken.waiters));
    for (Batch& part : parts) {
      next_->Consume(std::move(part),
                     [join](base::Status status) { join->PartDone(std::move(status)); });
    }
  }

  const BatchOptions options_;
  const pipeline::ConsumerPtr<Batch> next_;
  const std::shared_ptr<PatientSender<Batch>> patient_;  // when next_ answers from memory
  pipeline::Timer& timer_;
  base::Counter& size_triggers_;
  base::Counter& timeout_triggers_;
  base::Counter& sent_batches_;
  base::Counter& sent_items_;
  const std::shared_ptr<std::atomic<size_t>> origins_ = std::make_shared<std::atomic<size_t>>(0);
  const std::shared_ptr<void> gauge_;

  base::Mutex mutex_;
  base::CondVar sent_;
  WaitingMap waiting_ SPANDREL_GUARDED_BY(mutex_);  // none is empty
  uint64_t last_generation_ SPANDREL_GUARDED_BY(mutex_) = 0;
  // Taken and not answered, where callers wait for that; none is 0.
  std::map<OriginKey, size_t> under_way_ SPANDREL_GUARDED_BY(mutex_);
  size_t sending_ SPANDREL_GUARDED_BY(mutex_) = 0;  // taken and not handed on
  bool closed_ SPANDREL_GUARDED_BY(mutex_) = false;
};

template <typename Batch>
BatchProcessor<Batch>::BatchProcessor(const pipeline::ComponentContext& context,
                                      const BatchOptions& options,
                                      pipeline::ConsumerPtr<Batch> next, pipeline::Timer& timer)
    : state_(std::make_shared<State>(context, options, std::move(next), timer)) {}

template <typename Batch>
BatchProcessor<Batch>::~BatchProcessor() = default;

template <typename Batch>
void BatchProcessor<Batch>::Shutdown(std::chrono::steady_clock::time_point deadline) {
  state_->Close(deadline);
}

template <typename Batch>
bool BatchProcessor<Batch>::AnswersFromMemory() const {
  return state_->answers_from_memory();
}

template <typename Batch>
void BatchProcessor<Batch>::Consume(Batch&& batch, pipeline::Completion done) {
  state_->Add(std::move(batch), std::move(done));
}

template class BatchProcessor<span::SpanBatch>;
template class BatchProcessor<signal::MetricBatch>;
template class BatchProcessor<signal::LogBatch>;

pipeline::ProcessorFactory MakeBatchProcessorFactory(pipeline::Timer& timer) {
  pipeline::ProcessorFactory factory;
  factory.info = {"batch", {}, "stable", "Merges small batches into larger ones."};
  factory.decode = DecodeBatchConfig;
  factory.create = pipeline::ForAllSignals<pipeline::MakeProcessor>([&timer]<typename Batch>() {
    return [&timer](const pipeline::ComponentContext& context,
                    std::shared_ptr<const pipeline::ConfigBase> config,
                    pipeline::ConsumerPtr<Batch> next)
               -> base::Result<std::unique_ptr<pipeline::Processor<Batch>>> {
      return std::unique_ptr<pipeline::Processor<Batch>>(std::make_unique<BatchProcessor<Batch>>(
          context, static_cast<const BatchConfig&>(*config).options, std::move(next), timer));
    };
  });
  return factory;
}

}  // namespace spandrel::processors
