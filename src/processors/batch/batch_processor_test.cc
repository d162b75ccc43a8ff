// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/batch_processor.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "config/decode.h"
#include "config/document.h"
#include "processors/factories.h"
#include "wire/otlp/otlp_records.h"
#include "wire/testing/request.h"

namespace spandrel::processors {
namespace {

using base::Status;
using base::StatusCode;
using std::chrono::milliseconds;
using wire::MakeTestBatch;

// Time stands still until the test moves it.
class ManualTimer : public pipeline::Timer {
 public:
  TimePoint Now() const override { return now_; }
  void RunAt(TimePoint when, std::function<void()> work) override {
    std::lock_guard lock(mutex_);
    waiting_.emplace(when, std::move(work));
  }
  void Advance(milliseconds by) {
    now_ += by;
    while (auto work = TakeDue()) (*work)();
  }

 private:
  std::optional<std::function<void()>> TakeDue() {
    std::lock_guard lock(mutex_);
    if (waiting_.empty() || waiting_.begin()->first > now_) return std::nullopt;
    auto work = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    return work;
  }

  TimePoint now_{};
  std::mutex mutex_;
  std::multimap<TimePoint, std::function<void()>> waiting_;
};

// Keeps what it gets and answers when told to.
class HoldingConsumer : public pipeline::Consumer<span::SpanBatch> {
 public:
  void Consume(span::SpanBatch&& batch, pipeline::Completion done) override {
    std::lock_guard lock(mutex_);
    batches.push_back(std::move(batch));
    completions.push_back(std::move(done));
  }
  bool AnswersFromMemory() const override { return from_memory; }

  bool from_memory = false;  // says that it does
  std::mutex mutex_;
  std::vector<span::SpanBatch> batches;
  std::vector<pipeline::Completion> completions;
};

class BatchProcessorTest : public ::testing::Test {
 protected:
  void Make(BatchOptions options) {
    processor_ = std::make_unique<BatchProcessor<span::SpanBatch>>(
        pipeline::ComponentContext{"batch", metrics_, memory_}, options, next_, timer_);
    ASSERT_TRUE(processor_->Start().ok());
  }
  // In front of a queue, say.
  void MakeBeforeMemory(BatchOptions options) {
    next_->from_memory = true;
    Make(std::move(options));
  }
  // The place where the outcome of the batch appears.
  std::shared_ptr<std::optional<Status>> Consume(span::SpanBatch batch) {
    auto outcome = std::make_shared<std::optional<Status>>();
    processor_->Consume(std::move(batch),
                        [outcome](Status status) { *outcome = std::move(status); });
    return outcome;
  }
  uint64_t CounterValue(std::string_view name) {
    return metrics_.AddCounter(name, {{"processor", "batch"}}).value();
  }

  uint64_t Dropped(const std::string& reason) {
    return metrics_
        .AddCounter("spandrel_processor_batch_dropped_items_total",
                    {{"processor", "batch"}, {"reason", reason}})
        .value();
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{64 << 20};
  ManualTimer timer_;
  std::shared_ptr<HoldingConsumer> next_ = std::make_shared<HoldingConsumer>();
  std::unique_ptr<BatchProcessor<span::SpanBatch>> processor_;
};

TEST_F(BatchProcessorTest, MergesUntilTheTimeIsUp) {
  MakeBeforeMemory({});
  auto first = Consume(MakeTestBatch("a", 1, 3));
  timer_.Advance(milliseconds(150));
  auto second = Consume(MakeTestBatch("b", 4, 2));
  EXPECT_TRUE(next_->batches.empty());

  timer_.Advance(milliseconds(50));
  ASSERT_EQ(next_->batches.size(), 1u);
  EXPECT_EQ(next_->batches[0].span_count(), 5u);
  EXPECT_TRUE((*first)->ok());
  EXPECT_TRUE((*second)->ok());
  EXPECT_EQ(CounterValue("otelcol_processor_batch_timeout_trigger_send"), 1u);
  EXPECT_EQ(CounterValue("otelcol_processor_batch_batch_send_size_sum"), 5u);
}

TEST_F(BatchProcessorTest, ATimeThatBelongedToASentBatchDoesNotCutTheNextShort) {
  MakeBeforeMemory({.send_batch_size = 3});
  Consume(MakeTestBatch("a", 1, 2));
  Consume(MakeTestBatch("a", 3, 2));
  EXPECT_EQ(next_->batches.size(), 1u);
  timer_.Advance(milliseconds(100));
  Consume(MakeTestBatch("a", 5, 1));
  timer_.Advance(milliseconds(100));
  EXPECT_EQ(next_->batches.size(), 1u);
  timer_.Advance(milliseconds(100));
  EXPECT_EQ(next_->batches.size(), 2u);
}

TEST_F(BatchProcessorTest, SendsAtOnceWhenThereAreEnoughSpans) {
  MakeBeforeMemory({.send_batch_size = 4});
  Consume(MakeTestBatch("a", 1, 3));
  EXPECT_TRUE(next_->batches.empty());
  Consume(MakeTestBatch("a", 4, 3));
  ASSERT_EQ(next_->batches.size(), 1u);
  EXPECT_EQ(next_->batches[0].span_count(), 6u);
  EXPECT_EQ(CounterValue("otelcol_processor_batch_batch_size_trigger_send"), 1u);
}

TEST_F(BatchProcessorTest, StaysBelowTheByteLimitWithoutCuttingRequests) {
  MakeBeforeMemory({.send_batch_max_bytes = 10'000});
  Consume(MakeTestBatch("a", 1, 3, 2'000));
  Consume(MakeTestBatch("b", 4, 3, 2'000));
  ASSERT_EQ(next_->batches.size(), 1u);
  EXPECT_EQ(next_->batches[0].span_count(), 3u);
  EXPECT_TRUE(next_->batches[0].chunks()[0]->whole);
  EXPECT_LE(wire::EncodeOtlpProtobuf(next_->batches[0]).size(), 10'000u);
}

TEST_F(BatchProcessorTest, CutsOneRequestThatIsOverTheByteLimit) {
  Make({.send_batch_max_bytes = 10'000});
  auto outcome = Consume(MakeTestBatch("a", 1, 20, 2'000));
  ASSERT_GE(next_->batches.size(), 5u);
  size_t spans = 0;
  for (const auto& batch : next_->batches) {
    spans += batch.span_count();
    EXPECT_LE(wire::EncodeOtlpProtobuf(batch).size(), 10'500u);
  }
  EXPECT_EQ(spans, 20u);
  for (size_t i = 0; i + 1 < next_->completions.size(); ++i) next_->completions[i]({});
  EXPECT_FALSE(outcome->has_value());
  next_->completions.back()({});
  EXPECT_TRUE((*outcome)->ok());
}

TEST_F(BatchProcessorTest, HoldsTheSpanLimitExactly) {
  MakeBeforeMemory({.send_batch_size = 4, .send_batch_max_size = 4});
  Consume(MakeTestBatch("a", 1, 10));
  Consume(MakeTestBatch("a", 11, 3));
  Consume(MakeTestBatch("a", 14, 3));
  processor_->Shutdown({});
  size_t spans = 0;
  for (const auto& batch : next_->batches) {
    EXPECT_LE(batch.span_count(), 4u);
    spans += batch.span_count();
  }
  EXPECT_EQ(spans, 16u);
}

TEST_F(BatchProcessorTest, TellsEverySenderOfAFailure) {
  Make({.send_batch_size = 4});
  Consume(MakeTestBatch("a", 5, 1));
  auto first = Consume(MakeTestBatch("a", 1, 2));
  auto second = Consume(MakeTestBatch("b", 3, 2));
  next_->completions.at(1)(Status::Unavailable("queue is full", milliseconds(700)));
  for (const auto& outcome : {first, second}) {
    ASSERT_TRUE(outcome->has_value());
    EXPECT_EQ((*outcome)->code(), StatusCode::kUnavailable);
    EXPECT_EQ((*outcome)->retry_after(), milliseconds(700));
  }
}

TEST_F(BatchProcessorTest, OfSeveralFailuresTheOneToTryAgainWins) {
  Make({.send_batch_size = 1, .send_batch_max_size = 1});
  auto outcome = Consume(MakeTestBatch("a", 1, 3));
  ASSERT_EQ(next_->completions.size(), 3u);
  next_->completions[0]({StatusCode::kUnavailable, "down"});
  next_->completions[1]({StatusCode::kInvalidArgument, "bad"});
  next_->completions[2]({});
  EXPECT_EQ((*outcome)->code(), StatusCode::kUnavailable);
}

TEST_F(BatchProcessorTest, WithoutATimeoutNothingWaits) {
  Make({.timeout = std::chrono::nanoseconds(0)});
  Consume(MakeTestBatch("a", 1, 1));
  Consume(MakeTestBatch("a", 2, 1));
  EXPECT_EQ(next_->batches.size(), 2u);
}

TEST_F(BatchProcessorTest, ShutdownSendsTheRestAndLaterBatchesAtOnce) {
  MakeBeforeMemory({});
  Consume(MakeTestBatch("a", 1, 2));
  processor_->Shutdown({});
  ASSERT_EQ(next_->batches.size(), 1u);
  Consume(MakeTestBatch("a", 3, 2));
  EXPECT_EQ(next_->batches.size(), 2u);
  processor_.reset();
  timer_.Advance(milliseconds(500));
  EXPECT_EQ(next_->batches.size(), 2u);
}

TEST_F(BatchProcessorTest, AnEmptyBatchIsDoneAtOnce) {
  Make({});
  EXPECT_TRUE((*Consume({}))->ok());
  EXPECT_TRUE(next_->batches.empty());
}

TEST_F(BatchProcessorTest, ManyThreadsLoseNothing) {
  Make({.send_batch_size = 16, .send_batch_max_size = 20});
  constexpr int kThreads = 4;
  constexpr int kBatches = 200;
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kBatches; ++i) {
        processor_->Consume(MakeTestBatch("a", 1 + static_cast<uint64_t>(t * kBatches + i) * 3, 3),
                            [&answered](Status) { ++answered; });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  processor_->Shutdown({});
  size_t spans = 0;
  for (const auto& batch : next_->batches) spans += batch.span_count();
  EXPECT_EQ(spans, 3u * kThreads * kBatches);
  for (auto& done : next_->completions) done({});
  EXPECT_EQ(answered, kThreads * kBatches);
}

signal::SharedOrigin OriginOf(std::string tenant, std::string key, std::string peer) {
  return std::make_shared<const signal::Origin>(signal::Origin{
      std::move(tenant), "someone", {{"x-key", std::move(key)}, {"x-id", peer}}, peer});
}

TEST_F(BatchProcessorTest, MergesAcrossPeersButNotAcrossTenantsAndKeys) {
  MakeBeforeMemory({.metadata_keys = {"x-key"}});
  int sent = 0;
  const auto consume = [&](const signal::SharedOrigin& origin) {
    auto batch = MakeTestBatch("a", 1 + static_cast<uint64_t>(sent++), 1);
    batch.set_origin(origin);
    return Consume(std::move(batch));
  };
  consume(OriginOf("blue", "1", "a:1"));
  consume(OriginOf("blue", "1", "a:2"));
  consume(OriginOf("blue", "2", "a:1"));
  consume(OriginOf("red", "1", "a:1"));
  consume(nullptr);
  timer_.Advance(milliseconds(200));
  ASSERT_EQ(next_->batches.size(), 4u);
  std::map<std::string, size_t> spans;
  for (const auto& batch : next_->batches) {
    std::string key = "none";
    if (batch.origin()) {
      ASSERT_EQ(batch.origin()->metadata.size(), 1u);
      key = batch.origin()->tenant + batch.origin()->metadata[0].second;
      EXPECT_EQ(batch.origin()->peer + batch.origin()->identity, "");
    }
    spans[key] += batch.span_count();
  }
  EXPECT_EQ(spans,
            (std::map<std::string, size_t>{{"blue1", 2}, {"blue2", 1}, {"red1", 1}, {"none", 1}}));
}

TEST_F(BatchProcessorTest, BoundsTheOriginsThatWait) {
  MakeBeforeMemory({.metadata_keys = {"x-key"}, .metadata_cardinality_limit = 2});
  std::vector<std::shared_ptr<std::optional<Status>>> outcomes;
  for (const char* key : {"1", "2", "3", "1"}) {
    auto batch = MakeTestBatch("a", 1, 1);
    batch.set_origin(OriginOf("", key, "a:1"));
    outcomes.push_back(Consume(std::move(batch)));
  }
  ASSERT_TRUE(outcomes[2]->has_value());
  EXPECT_EQ((*outcomes[2])->code(), StatusCode::kUnavailable);
  EXPECT_TRUE((*outcomes[2])->retry_after().has_value());
  timer_.Advance(milliseconds(200));
  EXPECT_EQ(next_->batches.size(), 2u);
  auto batch = MakeTestBatch("a", 1, 1);
  batch.set_origin(OriginOf("", "3", "a:1"));
  EXPECT_TRUE((*Consume(std::move(batch)))->ok());
}

// A sender with one request under way waits for what follows, and for no timer.
TEST_F(BatchProcessorTest, WhatIsDurableGoesAtOnceAndThenTogether) {
  Make({});
  const auto first = Consume(MakeTestBatch("a", 1, 3));
  ASSERT_EQ(next_->batches.size(), 1u);
  const auto second = Consume(MakeTestBatch("a", 4, 2));
  const auto third = Consume(MakeTestBatch("b", 6, 1));
  EXPECT_EQ(next_->batches.size(), 1u) << "one is under way";
  next_->completions[0]({});
  EXPECT_TRUE((*first)->ok());
  timer_.Advance(milliseconds(0));
  ASSERT_EQ(next_->batches.size(), 2u);
  EXPECT_EQ(next_->batches[1].span_count(), 3u);
  EXPECT_FALSE(second->has_value());
  next_->completions[1]({StatusCode::kInvalidArgument, "bad"});
  EXPECT_EQ((*second)->code(), StatusCode::kInvalidArgument);
  EXPECT_EQ((*third)->code(), StatusCode::kInvalidArgument);
  timer_.Advance(milliseconds(500));
  EXPECT_EQ(next_->batches.size(), 2u);
  Consume(MakeTestBatch("a", 7, 1));
  EXPECT_EQ(next_->batches.size(), 3u);
}

TEST_F(BatchProcessorTest, WhatIsUnderWayForLongHoldsNothingBack) {
  Make({});
  Consume(MakeTestBatch("a", 1, 3));
  Consume(MakeTestBatch("a", 4, 2));
  timer_.Advance(milliseconds(200));
  EXPECT_EQ(next_->batches.size(), 2u);
  EXPECT_EQ(CounterValue("otelcol_processor_batch_timeout_trigger_send"), 1u);
}

TEST_F(BatchProcessorTest, WhatAFullQueueRefusesIsKeptAndNothingMoreIsTaken) {
  MakeBeforeMemory({});
  EXPECT_TRUE((*Consume(MakeTestBatch("a", 1, 3)))->ok());
  timer_.Advance(milliseconds(200));
  next_->completions.at(0)(Status::Unavailable("queue is full", milliseconds(700)));
  const auto refused = Consume(MakeTestBatch("a", 4, 2));
  EXPECT_EQ((*refused)->message(), "queue is full");
  EXPECT_EQ((*refused)->retry_after(), milliseconds(700));
  timer_.Advance(milliseconds(700));
  ASSERT_EQ(next_->batches.size(), 2u);
  EXPECT_EQ(next_->batches[1].span_count(), 3u);
  next_->completions[1]({});
  EXPECT_TRUE((*Consume(MakeTestBatch("a", 4, 2)))->ok());
  EXPECT_EQ(Dropped("refused") + Dropped("shutdown"), 0u);
}

TEST_F(BatchProcessorTest, WhatWasAnsweredAndIsDroppedIsCounted) {
  MakeBeforeMemory({.send_batch_size = 2});
  Consume(MakeTestBatch("a", 1, 3));
  next_->completions.at(0)({StatusCode::kInvalidArgument, "bad"});
  EXPECT_EQ(Dropped("refused"), 3u);
  Consume(MakeTestBatch("a", 4, 2));
  next_->completions.at(1)(Status::Unavailable("queue is full", milliseconds(700)));
  processor_->Shutdown({});
  EXPECT_EQ(Dropped("shutdown"), 2u);
}

// The same for a batch of another signal: what is merged is spliced, and cut by items.
TEST(BatchProcessorOfMetrics, CountsDataPoints) {
  base::MetricRegistry metrics;
  base::ByteBudget memory(1 << 20);
  ManualTimer timer;
  class Keeping final : public pipeline::Consumer<signal::MetricBatch> {
   public:
    void Consume(signal::MetricBatch&& batch, pipeline::Completion done) override {
      sizes.push_back(batch.item_count());
      bytes = wire::EncodeOtlpProtobuf(batch);
      done({});
    }
    bool AnswersFromMemory() const override { return true; }
    std::vector<size_t> sizes;
    std::string bytes;
  };
  const auto next = std::make_shared<Keeping>();
  BatchProcessor<signal::MetricBatch> processor(
      {"batch", metrics, memory}, {.send_batch_size = 4, .send_batch_max_size = 4}, next, timer);
  // One resource with `count` gauges of one data point.
  const auto request = [](size_t count) {
    std::string scope = "\x12";
    scope += static_cast<char>(count * 6);
    for (size_t i = 0; i < count; ++i) scope += std::string("\x12\x04\x2a\x02\x0a\x00", 6);
    std::string bytes = "\x0a";
    bytes += static_cast<char>(scope.size());
    return bytes + scope;
  };
  const auto consume = [&](const std::string& bytes) {
    auto decoded = wire::DecodeOtlpRecords(signal::Signal::kMetrics, base::MakeSharedBytes(bytes));
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    processor.Consume(signal::MetricBatch(*decoded), [](const Status&) {});
  };
  consume(request(1));
  consume(request(2));
  EXPECT_TRUE(next->sizes.empty());
  timer.Advance(milliseconds(200));
  EXPECT_EQ(next->sizes, std::vector<size_t>{3});
  EXPECT_EQ(next->bytes, request(1) + request(2));
  consume(request(6));
  EXPECT_EQ(next->sizes, (std::vector<size_t>{3, 4, 2}));
}

config::Problems Decode(std::string_view yaml, std::shared_ptr<const BatchConfig>* config) {
  config::Problems problems;
  auto document = config::ParseYaml(yaml, "test.yaml", &problems);
  EXPECT_TRUE(document.ok());
  config::Decoder decoder(document->root, &problems);
  *config = DecodeBatchConfig(decoder);
  return problems;
}

TEST(BatchConfigTest, ReadsItsKeys) {
  std::shared_ptr<const BatchConfig> config;
  const auto problems = Decode(
      "{send_batch_size: 100, send_batch_max_size: 200, timeout: 1s, send_batch_max_bytes: 65_536, "
      "metadata_keys: [X-Scope-OrgID], metadata_cardinality_limit: 5}",
      &config);
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
  EXPECT_EQ(config->options.send_batch_size, 100);
  EXPECT_EQ(config->options.send_batch_max_size, 200);
  EXPECT_EQ(config->options.send_batch_max_bytes, 65'536);
  EXPECT_EQ(config->options.timeout, std::chrono::seconds(1));
  EXPECT_EQ(config->options.metadata_keys, std::vector<std::string>{"x-scope-orgid"});
  EXPECT_EQ(config->options.metadata_cardinality_limit, 5);
}

TEST(BatchConfigTest, RefusesWhatItCannotDo) {
  for (const auto* yaml : {"{send_batch_size: -1}", "{send_batch_size: 10, send_batch_max_size: 5}",
                           "{metadata_keys: [tenant, Tenant]}", "{metadata_cardinality_limit: -1}",
                           "{timeout: -1s}", "{send_batch_sise: 1}"}) {
    std::shared_ptr<const BatchConfig> config;
    EXPECT_TRUE(Decode(yaml, &config).has_errors()) << yaml;
  }
}

}  // namespace
}  // namespace spandrel::processors
