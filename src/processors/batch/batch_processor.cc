// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/batch_processor.h"

#include <utility>
#include <vector>

#include "base/mutex.h"
#include "processors/batch/completion_join.h"
#include "processors/factories.h"
#include "wire/otlp/otlp.h"

namespace spandrel::processors {
namespace {

// What an OTLP request of the batch takes: exact for chunks that are passed on as they are.
size_t EncodedBytes(const span::SpanBatch& batch) {
  size_t bytes = 0;
  for (const auto& chunk : batch.chunks()) {
    if (chunk->whole) {
      bytes += chunk->bytes().size();
      continue;
    }
    for (const span::SpanEntry& span : chunk->spans) bytes += span.message.size + 8;
    for (const span::ResourceEntry& resource : chunk->resources)
      bytes += resource.message.size + 16;
  }
  return bytes;
}

// Spans that go on together, and who waits to hear of them.
struct WaitingBatch {
  span::SpanBatch spans;
  size_t bytes = 0;
  std::vector<pipeline::Completion> waiters;
};

}  // namespace

class BatchProcessor::State : public std::enable_shared_from_this<State> {
 public:
  State(const pipeline::ComponentContext& context, const BatchOptions& options,
        std::shared_ptr<pipeline::Consumer> next, pipeline::Timer& timer)
      : options_(options),
        next_(std::move(next)),
        timer_(timer),
        size_triggers_(context.metrics.AddCounter("otelcol_processor_batch_batch_size_trigger_send",
                                                  "Batches sent because they were full.",
                                                  {{"processor", context.id}})),
        timeout_triggers_(context.metrics.AddCounter("otelcol_processor_batch_timeout_trigger_send",
                                                     "Batches sent because their time was up.",
                                                     {{"processor", context.id}})),
        sent_batches_(context.metrics.AddCounter("otelcol_processor_batch_batch_send_size_count",
                                                 "Batches sent.", {{"processor", context.id}})),
        sent_spans_(context.metrics.AddCounter("otelcol_processor_batch_batch_send_size_sum",
                                               "Spans in the batches sent.",
                                               {{"processor", context.id}})) {}

  void Add(span::SpanBatch&& batch, pipeline::Completion done) {
    if (batch.empty()) return done({});
    std::vector<WaitingBatch> full;
    bool starts_waiting = false;
    uint64_t generation = 0;
    {
      base::MutexLock lock(mutex_);
      const size_t bytes = EncodedBytes(batch);
      if (!waiting_.spans.empty() && Overflows(batch.span_count(), bytes)) full.push_back(Take());
      starts_waiting = waiting_.spans.empty();
      waiting_.bytes += bytes;
      waiting_.spans.Append(std::move(batch));
      waiting_.waiters.push_back(std::move(done));
      if (IsFull()) {
        full.push_back(Take());
        starts_waiting = false;
      }
      generation = generation_;
    }
    for (WaitingBatch& one : full) {
      size_triggers_.Add();
      Send(std::move(one));
    }
    if (starts_waiting) SendAtTimeout(generation);
  }

  void Close() {
    WaitingBatch rest;
    {
      base::MutexLock lock(mutex_);
      closed_ = true;
      rest = Take();
    }
    Send(std::move(rest));
  }

 private:
  size_t max_spans() const { return static_cast<size_t>(options_.send_batch_max_size); }
  size_t max_bytes() const { return static_cast<size_t>(options_.send_batch_max_bytes); }

  // Whether what waits would be over a limit with that much more. Sending it on before is better
  // than cutting afterwards: chunks stay whole, and whole chunks are passed on without encoding.
  bool Overflows(size_t spans, size_t bytes) const SPANDREL_REQUIRES(mutex_) {
    if (max_spans() > 0 && waiting_.spans.span_count() + spans > max_spans()) return true;
    return max_bytes() > 0 && waiting_.bytes + bytes > max_bytes();
  }

  bool IsFull() const SPANDREL_REQUIRES(mutex_) {
    if (closed_ || options_.timeout.count() == 0) return true;
    if (waiting_.spans.span_count() >= static_cast<size_t>(options_.send_batch_size)) return true;
    return max_bytes() > 0 && waiting_.bytes >= max_bytes();
  }

  WaitingBatch Take() SPANDREL_REQUIRES(mutex_) {
    ++generation_;
    return std::exchange(waiting_, {});
  }

  void SendAtTimeout(uint64_t generation) {
    timer_.RunAt(timer_.Now() + options_.timeout, [weak = weak_from_this(), generation] {
      if (const auto state = weak.lock()) state->SendIfStillWaiting(generation);
    });
  }

  void SendIfStillWaiting(uint64_t generation) {
    WaitingBatch due;
    {
      base::MutexLock lock(mutex_);
      if (generation != generation_) return;
      due = Take();
    }
    timeout_triggers_.Add();
    Send(std::move(due));
  }

  void Send(WaitingBatch batch) {
    if (batch.spans.empty()) return;
    std::vector<span::SpanBatch> parts;
    if ((max_spans() > 0 && batch.spans.span_count() > max_spans()) ||
        (max_bytes() > 0 && batch.bytes > max_bytes())) {
      parts = wire::SplitBatch(std::move(batch.spans), max_spans(), max_bytes());
    } else {
      parts.push_back(std::move(batch.spans));
    }
    auto join = std::make_shared<CompletionJoin>(parts.size(), std::move(batch.waiters));
    for (span::SpanBatch& part : parts) {
      sent_batches_.Add();
      sent_spans_.Add(part.span_count());
      next_->Consume(std::move(part),
                     [join](base::Status status) { join->PartDone(std::move(status)); });
    }
  }

  const BatchOptions options_;
  const std::shared_ptr<pipeline::Consumer> next_;
  pipeline::Timer& timer_;
  base::Counter& size_triggers_;
  base::Counter& timeout_triggers_;
  base::Counter& sent_batches_;
  base::Counter& sent_spans_;

  base::Mutex mutex_;
  WaitingBatch waiting_ SPANDREL_GUARDED_BY(mutex_);
  uint64_t generation_ SPANDREL_GUARDED_BY(mutex_) = 0;  // of waiting_
  bool closed_ SPANDREL_GUARDED_BY(mutex_) = false;
};

BatchProcessor::BatchProcessor(const pipeline::ComponentContext& context,
                               const BatchOptions& options,
                               std::shared_ptr<pipeline::Consumer> next, pipeline::Timer& timer)
    : state_(std::make_shared<State>(context, options, std::move(next), timer)) {}

BatchProcessor::~BatchProcessor() = default;

void BatchProcessor::Shutdown(std::chrono::steady_clock::time_point) {
  state_->Close();
}

void BatchProcessor::Consume(span::SpanBatch&& batch, pipeline::Completion done) {
  state_->Add(std::move(batch), std::move(done));
}

pipeline::ProcessorFactory MakeBatchProcessorFactory(pipeline::Timer& timer) {
  pipeline::ProcessorFactory factory;
  factory.info = {"batch", {}, "stable", "Merges small batches into larger ones."};
  factory.decode = DecodeBatchConfig;
  factory.create = [&timer](const pipeline::ComponentContext& context,
                            std::shared_ptr<const pipeline::ConfigBase> config,
                            std::shared_ptr<pipeline::Consumer> next)
      -> base::Result<std::unique_ptr<pipeline::Processor>> {
    return std::unique_ptr<pipeline::Processor>(std::make_unique<BatchProcessor>(
        context, static_cast<const BatchConfig&>(*config).options, std::move(next), timer));
  };
  return factory;
}

}  // namespace spandrel::processors
