// SPDX-License-Identifier: Apache-2.0
#include "pipeline/queue.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "config/decode.h"
#include "config/document.h"
#include "pipeline/testing/manual_timer.h"
#include "signal/origin.h"

namespace spandrel::pipeline {
namespace {

using base::Status;
using base::StatusCode;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

span::SpanBatch MakeBatch(size_t spans, uint32_t bytes_each = 100) {
  auto chunk = std::make_shared<span::SpanChunk>();
  chunk->buffer = base::MakeSharedBytes("");
  chunk->spans.resize(spans);
  for (span::SpanEntry& entry : chunk->spans) entry.message.size = bytes_each;
  return span::SpanBatch(chunk);
}

// A transport whose answers the test gives.
class FakeTransport {
 public:
  AsyncSend<span::SpanBatch> AsSend() {
    return [this](span::SpanBatch batch, nanoseconds timeout, Completion done) {
      last_timeout = timeout;
      sent_spans.push_back(batch.span_count());
      sent_tenants.push_back(batch.origin() == nullptr ? "" : batch.origin()->tenant);
      if (on_send) std::exchange(on_send, nullptr)();
      if (answer_at_once) return done(*answer_at_once);
      pending.push_back(std::move(done));
    };
  }
  void Answer(Status status) {
    Completion done = std::move(pending.front());
    pending.erase(pending.begin());
    done(std::move(status));
  }

  std::vector<size_t> sent_spans;
  std::vector<std::string> sent_tenants;
  std::vector<Completion> pending;
  std::optional<Status> answer_at_once;
  std::function<void()> on_send;  // called by the next send
  nanoseconds last_timeout{0};
};

class QueuedSenderTest : public testing::Test {
 protected:
  QueuedSenderTest() { options_.retry.randomization_factor = 0; }

  void Make() {
    sender_ = std::make_unique<QueuedSender<span::SpanBatch>>(
        ComponentContext{"otlp", metrics_, memory_, nullptr, &health_}, options_,
        transport_.AsSend(), timer_);
  }
  // What the sender of a batch is told; nothing yet is UNKNOWN.
  std::shared_ptr<Status> Offer(size_t spans, uint32_t bytes_each = 100) {
    auto outcome = std::make_shared<Status>(StatusCode::kUnknown, "not answered");
    sender_->Consume(MakeBatch(spans, bytes_each), [outcome](Status status) { *outcome = status; });
    return outcome;
  }
  double Metric(const std::string& name, const std::string& reason = "") {
    for (const base::MetricSample& sample : metrics_.Collect()) {
      if (sample.name != name) continue;
      if (reason.empty() || sample.labels.back().second == reason) return sample.value;
    }
    return -1;
  }
  double Sent() { return Metric("otelcol_exporter_sent_spans"); }
  double Failed() { return Metric("otelcol_exporter_send_failed_spans"); }
  double Refused() { return Metric("otelcol_exporter_enqueue_failed_spans"); }
  double QueueSize() { return Metric("otelcol_exporter_queue_size"); }
  double InFlight() { return Metric("otelcol_exporter_in_flight_requests"); }
  double Dropped(const std::string& reason) {
    return Metric("spandrel_exporter_dropped_spans_total", reason);
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{1 << 20};
  base::HealthBoard health_;
  ManualTimer timer_;
  FakeTransport transport_;
  QueueRetryOptions options_;
  std::unique_ptr<QueuedSender<span::SpanBatch>> sender_;
};

const Status kUnavailable(StatusCode::kUnavailable, "down");
const Status kRefusal(StatusCode::kInvalidArgument, "no");

TEST_F(QueuedSenderTest, SaysThatItIsFullUntilThereIsRoom) {
  using base::HealthLevel;
  options_.queue.queue_size = 1;
  Make();
  ASSERT_EQ(health_.Collect().size(), 1U);
  EXPECT_EQ(health_.Collect()[0].component, "exporter otlp (traces)");
  EXPECT_TRUE(Offer(1)->ok());
  EXPECT_EQ(health_.Worst(), HealthLevel::kOk);
  EXPECT_FALSE(Offer(1)->ok());
  EXPECT_EQ(health_.Worst(), HealthLevel::kRefusing);
  transport_.Answer(kUnavailable);  // it is sent again, and keeps its place
  EXPECT_EQ(health_.Worst(), HealthLevel::kRefusing);
  timer_.Advance(seconds(60));
  transport_.Answer(Status());
  EXPECT_EQ(health_.Worst(), HealthLevel::kOk);
  sender_.reset();
  EXPECT_TRUE(health_.Collect().empty());
}

TEST_F(QueuedSenderTest, AcknowledgesWhenQueuedAndCountsWhenSent) {
  Make();
  EXPECT_TRUE(Offer(3)->ok());
  EXPECT_EQ(transport_.last_timeout, seconds(5));
  EXPECT_EQ(InFlight(), 1);
  EXPECT_EQ(QueueSize(), 1);
  EXPECT_EQ(Metric("otelcol_exporter_queue_capacity"), 1000);
  transport_.Answer(Status());
  EXPECT_EQ(Sent(), 3);
  EXPECT_EQ(InFlight(), 0);
  EXPECT_EQ(QueueSize(), 0);
}

TEST_F(QueuedSenderTest, EmptyBatchIsDoneAtOnce) {
  Make();
  EXPECT_TRUE(Offer(0)->ok());
  EXPECT_TRUE(transport_.sent_spans.empty());
}

TEST_F(QueuedSenderTest, SendsAtMostNumConsumersAtOnceInOrder) {
  options_.queue.num_consumers = 2;
  Make();
  for (size_t spans : {1, 2, 3, 4}) Offer(spans);
  EXPECT_EQ(transport_.sent_spans, (std::vector<size_t>{1, 2}));
  transport_.Answer(Status());
  EXPECT_EQ(transport_.sent_spans, (std::vector<size_t>{1, 2, 3}));
  transport_.Answer(Status());
  transport_.Answer(Status());
  transport_.Answer(Status());
  EXPECT_EQ(Sent(), 10);
}

TEST_F(QueuedSenderTest, BatchesOfTenantsStayApart) {
  options_.queue.num_consumers = 1;
  Make();
  for (const char* tenant : {"blue", "red", "blue"}) {
    span::SpanBatch batch = MakeBatch(1);
    batch.set_origin(std::make_shared<const signal::Origin>(signal::Origin{tenant, "", {}, ""}));
    sender_->Consume(std::move(batch), [](const Status& status) { EXPECT_TRUE(status.ok()); });
  }
  for (int i = 0; i < 3; ++i) transport_.Answer(Status());
  EXPECT_EQ(transport_.sent_spans, (std::vector<size_t>{1, 1, 1}));
  EXPECT_EQ(transport_.sent_tenants, (std::vector<std::string>{"blue", "red", "blue"}));
}

TEST_F(QueuedSenderTest, WaitForResultHandsOnTheAnswer) {
  options_.queue.wait_for_result = true;
  Make();
  const auto good = Offer(1);
  const auto bad = Offer(2);
  EXPECT_EQ(good->code(), StatusCode::kUnknown);
  transport_.Answer(Status());
  transport_.Answer(kRefusal);
  EXPECT_TRUE(good->ok());
  EXPECT_EQ(bad->code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Failed(), 2);
  EXPECT_EQ(Dropped("refused"), 0);
}

TEST_F(QueuedSenderTest, WithoutQueueTheSenderWaitsThroughRetries) {
  options_.queue.enabled = false;
  Make();
  const auto outcome = Offer(1);
  EXPECT_EQ(QueueSize(), -1);
  transport_.Answer(kUnavailable);
  EXPECT_EQ(outcome->code(), StatusCode::kUnknown);
  timer_.Advance(seconds(5));
  transport_.Answer(Status());
  EXPECT_TRUE(outcome->ok());
}

TEST_F(QueuedSenderTest, FullQueueRefusesWithADelay) {
  options_.queue.num_consumers = 1;
  options_.queue.queue_size = 2;
  Make();
  EXPECT_TRUE(Offer(1)->ok());
  EXPECT_TRUE(Offer(1)->ok());
  const auto refused = Offer(5);
  EXPECT_EQ(refused->ToString(), "UNAVAILABLE: otlp: sending queue is full");
  EXPECT_EQ(refused->retry_after(), milliseconds(1000));
  EXPECT_EQ(Refused(), 5);
  transport_.Answer(Status());
  EXPECT_TRUE(Offer(1)->ok());
}

TEST_F(QueuedSenderTest, SizersCountItemsAndBytes) {
  options_.queue.sizer = QueueSizer::kItems;
  options_.queue.queue_size = 10;
  Make();
  EXPECT_TRUE(Offer(6)->ok());
  EXPECT_EQ(Offer(6)->code(), StatusCode::kUnavailable);
  EXPECT_TRUE(Offer(4)->ok());
  EXPECT_EQ(Offer(11)->ToString(),
            "RESOURCE_EXHAUSTED: otlp: a batch of 11 is larger than the sending queue of 10");

  options_.queue.sizer = QueueSizer::kBytes;
  options_.queue.queue_size = 1000;
  Make();
  EXPECT_TRUE(Offer(2, 400)->ok());
  EXPECT_EQ(Offer(1, 400)->code(), StatusCode::kUnavailable);
  EXPECT_TRUE(Offer(1, 200)->ok());
}

TEST_F(QueuedSenderTest, BlockOnOverflowHoldsTheAnswerBack) {
  options_.queue.num_consumers = 1;
  options_.queue.queue_size = 1;
  options_.queue.block_on_overflow = true;
  Make();
  EXPECT_TRUE(Offer(1)->ok());
  const auto second = Offer(2);
  const auto third = Offer(3);
  EXPECT_EQ(second->code(), StatusCode::kUnknown);
  transport_.Answer(Status());
  EXPECT_TRUE(second->ok());
  EXPECT_EQ(third->code(), StatusCode::kUnknown);
  transport_.Answer(Status());
  EXPECT_TRUE(third->ok());
  transport_.Answer(Status());
  EXPECT_EQ(Sent(), 6);
  EXPECT_EQ(Refused(), 0);
}

TEST_F(QueuedSenderTest, BacksOffExponentially) {
  Make();
  Offer(1);
  // 5, 7.5, 11.25, 16.875, 25.3125, 30, 30 s after the failure before.
  for (const double wait : {5.0, 7.5, 11.25, 16.875, 25.3125, 30.0, 30.0}) {
    const size_t attempts = transport_.sent_spans.size();
    transport_.Answer(kUnavailable);
    timer_.Advance(nanoseconds(static_cast<int64_t>(wait * 1e9) - 1));
    EXPECT_EQ(transport_.sent_spans.size(), attempts) << wait;
    timer_.Advance(nanoseconds(1));
    EXPECT_EQ(transport_.sent_spans.size(), attempts + 1) << wait;
  }
}

TEST_F(QueuedSenderTest, JitterStaysWithinItsFactor) {
  options_.retry.randomization_factor = 0.5;
  Make();
  for (int i = 0; i < 8; ++i) Offer(1);
  for (int i = 0; i < 8; ++i) transport_.Answer(kUnavailable);
  timer_.Advance(milliseconds(2499));
  EXPECT_EQ(transport_.sent_spans.size(), 8u);
  timer_.Advance(milliseconds(5001));
  EXPECT_EQ(transport_.sent_spans.size(), 16u);
}

TEST_F(QueuedSenderTest, HonoursALongerRetryAfter) {
  Make();
  Offer(1);
  transport_.Answer(Status::Unavailable("busy", milliseconds(20000)));
  timer_.Advance(milliseconds(19999));
  EXPECT_EQ(transport_.sent_spans.size(), 1u);
  timer_.Advance(milliseconds(1));
  EXPECT_EQ(transport_.sent_spans.size(), 2u);
  transport_.Answer(Status::Unavailable("busy", milliseconds(1)));
  timer_.Advance(milliseconds(7499));
  EXPECT_EQ(transport_.sent_spans.size(), 2u);
}

TEST_F(QueuedSenderTest, GivesUpAfterMaxElapsedTime) {
  options_.retry.max_elapsed_time = seconds(15);
  Make();
  Offer(4);
  transport_.Answer(kUnavailable);
  timer_.Advance(seconds(5));
  transport_.Answer(kUnavailable);  // the next would be 12.5 s after the first
  timer_.Advance(milliseconds(7500));
  transport_.Answer(kUnavailable);
  timer_.Advance(seconds(60));
  EXPECT_EQ(transport_.sent_spans.size(), 3u);
  EXPECT_EQ(Failed(), 4);
  EXPECT_EQ(Dropped("max_elapsed_time"), 4);
  EXPECT_EQ(QueueSize(), 0);
}

TEST_F(QueuedSenderTest, ZeroMaxElapsedTimeNeverGivesUp) {
  options_.retry.max_elapsed_time = seconds(0);
  transport_.answer_at_once = kUnavailable;
  Make();
  Offer(1);
  timer_.Advance(std::chrono::hours(10));
  EXPECT_GT(transport_.sent_spans.size(), 1000u);
  EXPECT_EQ(Failed(), 0);
}

TEST_F(QueuedSenderTest, DropsFinalFailuresWithTheirReason) {
  Make();
  Offer(2);
  transport_.Answer(kRefusal);
  EXPECT_EQ(Dropped("refused"), 2);
  EXPECT_EQ(Failed(), 2);

  options_.retry.enabled = false;
  Make();
  Offer(3);
  transport_.Answer(kUnavailable);
  EXPECT_EQ(Dropped("retry_disabled"), 3);
  EXPECT_EQ(Failed(), 5);
}

TEST_F(QueuedSenderTest, ABatchBetweenAttemptsKeepsItsConsumer) {
  options_.queue.num_consumers = 1;
  Make();
  Offer(1);
  Offer(2);
  transport_.Answer(kUnavailable);
  EXPECT_EQ(transport_.sent_spans.size(), 1u);
  timer_.Advance(seconds(5));
  EXPECT_EQ(transport_.sent_spans, (std::vector<size_t>{1, 1}));
}

TEST_F(QueuedSenderTest, AnsweringAtOnceDoesNotRecurse) {
  options_.queue.num_consumers = 1;
  options_.queue.queue_size = 200000;
  Make();
  for (int i = 0; i < 100000; ++i) Offer(1);
  transport_.answer_at_once = Status();
  transport_.Answer(Status());
  EXPECT_EQ(Sent(), 100000);
}

TEST_F(QueuedSenderTest, ShutdownGivesEachBatchOneLastAttempt) {
  options_.queue.num_consumers = 2;
  Make();
  for (size_t spans : {1, 2, 3, 4}) Offer(spans);
  transport_.Answer(kUnavailable);  // 1 backs off, 2 is out
  Completion second = std::move(transport_.pending.front());
  transport_.pending.clear();
  transport_.answer_at_once = kUnavailable;
  transport_.on_send = [&] { second(Status()); };
  sender_->Shutdown(steady_clock::now() + seconds(60));
  EXPECT_EQ(transport_.sent_spans, (std::vector<size_t>{1, 2, 1, 3, 4}));
  EXPECT_EQ(Sent(), 2);
  EXPECT_EQ(Dropped("shutdown"), 8);
  EXPECT_EQ(Failed(), 8);
  const auto refused = Offer(7);
  EXPECT_EQ(refused->ToString(), "UNAVAILABLE: otlp: shutting down");
  EXPECT_EQ(Refused(), 7);
}

TEST_F(QueuedSenderTest, ShutdownDrainsUntilItsDeadline) {
  options_.queue.num_consumers = 1;
  options_.queue.wait_for_result = true;
  Make();
  const auto out = Offer(1);
  const auto queued = Offer(2);
  sender_->Shutdown(steady_clock::now());
  EXPECT_EQ(out->ToString(), "UNAVAILABLE: otlp: shut down before the batch was sent");
  EXPECT_EQ(queued->code(), StatusCode::kUnavailable);
  EXPECT_EQ(Failed(), 3);
  EXPECT_EQ(QueueSize(), 0);
  transport_.Answer(Status());  // too late to count
  EXPECT_EQ(Sent(), 0);
  EXPECT_EQ(transport_.sent_spans.size(), 1u);
}

TEST_F(QueuedSenderTest, MayBeDestroyedWithABatchOutAndARetryDue) {
  Make();
  Offer(1);
  Offer(2);
  transport_.Answer(kUnavailable);
  sender_.reset();
  timer_.Advance(seconds(100));
  transport_.Answer(Status());
  transport_.Answer(Status());
  EXPECT_EQ(transport_.sent_spans, (std::vector<size_t>{1, 2, 1}));
  EXPECT_EQ(Dropped("shutdown"), 3);
}

TEST_F(QueuedSenderTest, GivesReservedBytesBackWhenSent) {
  Make();
  auto chunk = std::make_shared<span::SpanChunk>();
  chunk->buffer = base::MakeSharedBytes("");
  chunk->spans.resize(1);
  ASSERT_TRUE(memory_.TryReserve(1000, &chunk->reservation));
  span::SpanBatch batch(std::move(chunk));
  sender_->Consume(std::move(batch), [](Status) {});
  EXPECT_EQ(memory_.used(), 1000u);
  transport_.Answer(Status());
  EXPECT_EQ(memory_.used(), 0u);
}

TEST(SystemTimer, RunsInOrderOfTime) {
  Timer& timer = SystemTimer();
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<int> ran;
  const auto run = [&](int what) {
    std::lock_guard lock(mutex);
    ran.push_back(what);
    changed.notify_all();
  };
  const auto now = timer.Now();
  timer.RunAt(now + milliseconds(20), [&] { run(2); });
  timer.RunAt(now + milliseconds(10), [&] { run(1); });
  timer.RunAt(now, [&] { run(0); });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ran.size() == 3; });
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
}

TEST(QueuedSenderThreads, ManySendersAndAnswersOnOtherThreads) {
  base::MetricRegistry metrics;
  base::ByteBudget memory(1 << 20);
  QueueRetryOptions options;
  options.queue.queue_size = 16;
  options.queue.num_consumers = 4;
  options.queue.block_on_overflow = true;
  options.retry.initial_interval = std::chrono::microseconds(100);
  std::atomic<int> calls{0};
  std::atomic<int> answered{0};
  {
    QueuedSender<span::SpanBatch> sender(ComponentContext{"x", metrics, memory}, options,
                                         [&](span::SpanBatch, nanoseconds, Completion done) {
                                           const bool fails = ++calls % 3 == 0;
                                           SystemTimer().RunAt(SystemTimer().Now(), [done, fails] {
                                             done(fails ? kUnavailable : Status());
                                           });
                                         });
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 250; ++i) {
          sender.Consume(MakeBatch(1), [&](Status status) { answered += status.ok() ? 1 : 0; });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    // Every batch is sent unless its last attempt fails, and then it is counted.
    sender.Shutdown(steady_clock::now() + seconds(60));
  }
  double total = 0;
  for (const base::MetricSample& sample : metrics.Collect()) {
    if (sample.name == "otelcol_exporter_sent_spans") total += sample.value;
    if (sample.name == "otelcol_exporter_send_failed_spans") total += sample.value;
  }
  EXPECT_EQ(total, 1000);
  EXPECT_EQ(answered, 1000);
}

QueueRetryOptions Decode(const std::string& yaml, std::string* problems_text) {
  config::Problems problems;
  QueueRetryOptions options;
  const auto document = config::ParseYaml(yaml, "c.yaml", &problems);
  if (document.ok()) {
    config::Decoder decoder(document->root, &problems, "exporters::otlp");
    DecodeQueueRetry(decoder, &options);
  }
  *problems_text = problems.ToString();
  return options;
}

TEST(DecodeQueueRetry, HasUpstreamsDefaults) {
  std::string problems;
  const QueueRetryOptions options = Decode("sending_queue:\nretry_on_failure:\n", &problems);
  EXPECT_EQ(problems, "");
  EXPECT_EQ(options.timeout, seconds(5));
  EXPECT_TRUE(options.queue.enabled);
  EXPECT_EQ(options.queue.num_consumers, 10);
  EXPECT_EQ(options.queue.queue_size, 1000);
  EXPECT_TRUE(options.retry.enabled);
  EXPECT_EQ(options.retry.max_elapsed_time, seconds(300));
}

TEST(DecodeQueueRetry, ReadsEveryKey) {
  std::string problems;
  const QueueRetryOptions options = Decode(
      "timeout: 30s\n"
      "sending_queue: {enabled: true, num_consumers: 2, queue_size: 5_000, sizer: bytes,\n"
      "  block_on_overflow: true, wait_for_result: true}\n"
      "retry_on_failure: {enabled: false, initial_interval: 1s, multiplier: 2,\n"
      "  randomization_factor: 0, max_interval: 9s, max_elapsed_time: 0}\n",
      &problems);
  EXPECT_EQ(problems, "");
  EXPECT_EQ(options.timeout, seconds(30));
  EXPECT_EQ(options.queue.num_consumers, 2);
  EXPECT_EQ(options.queue.queue_size, 5000);
  EXPECT_EQ(options.queue.sizer, QueueSizer::kBytes);
  EXPECT_TRUE(options.queue.block_on_overflow);
  EXPECT_TRUE(options.queue.wait_for_result);
  EXPECT_FALSE(options.retry.enabled);
  EXPECT_EQ(options.retry.multiplier, 2);
  EXPECT_EQ(options.retry.max_elapsed_time, seconds(0));
}

TEST(DecodeQueueRetry, RefusesWithReason) {
  std::string problems;
  Decode(
      "timeout: -1s\n"
      "sending_queue:\n"
      "  queue_size: 0\n"
      "  sizer: request\n"
      "  storage: file_storage\n"
      "  batch:\n"
      "  num_consumer: 3\n"
      "retry_on_failure:\n"
      "  randomization_factor: 2\n"
      "  initial_interval: 10s\n"
      "  max_elapsed_time: 5s\n",
      &problems);
  EXPECT_EQ(problems,
            "c.yaml:1:10: exporters::otlp::timeout: must not be negative\n"
            "c.yaml:4:10: exporters::otlp::sending_queue::sizer: must be requests, items or bytes\n"
            "c.yaml:5:12: exporters::otlp::sending_queue::storage: known setting, not supported by "
            "Spandrel: the queue is in memory\n"
            "c.yaml:6:3: exporters::otlp::sending_queue::batch: known setting, not supported by "
            "Spandrel: put the batch processor into the pipeline\n"
            "c.yaml:3:15: exporters::otlp::sending_queue::queue_size: must be greater than 0\n"
            "c.yaml:7:3: exporters::otlp::sending_queue: unknown key 'num_consumer'; did you mean "
            "'num_consumers'?\n"
            "c.yaml:9:25: exporters::otlp::retry_on_failure::randomization_factor: must be from 0 "
            "to 1\n"
            "c.yaml:11:21: exporters::otlp::retry_on_failure::max_elapsed_time: must not be less "
            "than initial_interval\n");
}

}  // namespace
}  // namespace spandrel::pipeline
