// SPDX-License-Identifier: Apache-2.0
// What the exporter does when the collector is slow, refuses, or is gone.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/testing/fake_collector.h"

namespace spandrel::sdk {
namespace {

using base::Status;
using base::StatusCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

void EndSpans(ProviderCore& core, int count) {
  const auto tracer = core.GetTracer("test", "", "");
  for (int i = 0; i < count; ++i) {
    tracer->StartSpan("span", {{"number", i}})->End();
  }
}

Transport::Outcome Refuse(milliseconds delay = milliseconds(0)) {
  return {Status::Unavailable("busy", delay), 0, {}};
}

// A burst comes faster than the collector takes it, also from a slow process.
#if defined(SPANDREL_ADDRESS_SANITIZER) || defined(SPANDREL_THREAD_SANITIZER)
constexpr int kBurst = 20'000;
constexpr milliseconds kSlow(400);
#else
constexpr int kBurst = 100'000;
constexpr milliseconds kSlow(20);
#endif

TEST(ExporterTest, LosesNothingOfABurstToASlowCollector) {
  FakeCollector collector(nullptr, kSlow);
  ProviderCore& core = MakeProviderCore({}, collector.factory());
  EndSpans(core, kBurst);
  EXPECT_TRUE(core.ForceFlush(seconds(60)));
  std::set<std::string> ids;
  for (const auto& span : collector.Spans()) ids.insert(span.span_id());
  EXPECT_EQ(ids.size(), static_cast<size_t>(kBurst));
  EXPECT_GT(collector.most_at_once(), 1);
  EXPECT_EQ(core.stats().exported, static_cast<uint64_t>(kBurst));
  EXPECT_EQ(core.stats().dropped(), 0u);
  EXPECT_TRUE(core.Shutdown(seconds(5)));
}

TEST(ExporterTest, SendsAgainWhatWasRefusedForNow) {
  FakeCollector collector(
      [](int number) { return number < 3 ? Refuse(milliseconds(5)) : Transport::Outcome{}; });
  ProviderCore& core = MakeProviderCore({}, collector.factory());
  EndSpans(core, 10);
  EXPECT_TRUE(core.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.Spans().size(), 10u);
  EXPECT_EQ(collector.calls(), 4);
  EXPECT_TRUE(core.Shutdown(seconds(5)));
}

TEST(ExporterTest, WaitsAsLongAsTheCollectorAsks) {
  FakeCollector collector(
      [](int number) { return number == 0 ? Refuse(milliseconds(700)) : Transport::Outcome{}; });
  ProviderCore& core = MakeProviderCore({}, collector.factory());
  EndSpans(core, 1);
  const auto start = steady_clock::now();
  EXPECT_TRUE(core.ForceFlush(seconds(20)));
  EXPECT_GE(steady_clock::now() - start, milliseconds(700));
  EXPECT_TRUE(core.Shutdown(seconds(5)));
}

TEST(ExporterTest, CountsWhatIsRefusedForGood) {
  FakeCollector collector([](int number) -> Transport::Outcome {
    if (number == 0) return {Status(StatusCode::kInvalidArgument, "no"), 0, {}};
    return {{}, 2, "two were bad"};
  });
  ProviderCore& core = MakeProviderCore({}, collector.factory());
  EndSpans(core, 5);
  EXPECT_FALSE(core.ForceFlush(seconds(20)));
  EndSpans(core, 7);
  EXPECT_FALSE(core.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.calls(), 2);
  EXPECT_EQ(core.stats().dropped_rejected, 7u);
  EXPECT_EQ(core.stats().exported, 5u);
  EXPECT_TRUE(core.Shutdown(seconds(5)));
}

TEST(ExporterTest, FlushAndShutdownKeepTheirDeadlines) {
  FakeCollector collector;
  collector.Hang();
  ProviderCore& core = MakeProviderCore({}, collector.factory());
  EndSpans(core, 5);
  const auto start = steady_clock::now();
  EXPECT_FALSE(core.ForceFlush(milliseconds(100)));
  EXPECT_FALSE(core.Shutdown(milliseconds(100)));
  EXPECT_LT(steady_clock::now() - start, seconds(5));
  EXPECT_EQ(core.stats().dropped_shutdown, 5u);
  EXPECT_TRUE(core.Shutdown(milliseconds(100)));

  EndSpans(core, 1);
  EXPECT_EQ(core.stats().ended, 5u) << "a stopped provider records nothing";
}

TEST(ExporterTest, DropsAndCountsTheNewestWhenTheBufferIsFull) {
  FakeCollector collector;
  collector.Hang();
  Options options;
  options.max_buffer_bytes = 256 << 10;
  ProviderCore& core = MakeProviderCore(options, collector.factory());
  EndSpans(core, 10'000);
  const Stats full = core.stats();
  EXPECT_GT(full.dropped_buffer_full, 1'000u);
  EXPECT_LT(full.dropped_buffer_full, 9'000u);
  EXPECT_FALSE(core.Shutdown(milliseconds(50)));
  const Stats stats = core.stats();
  EXPECT_EQ(stats.ended, 10'000u);
  EXPECT_EQ(stats.exported + stats.dropped(), stats.ended);
}

TEST(ExporterTest, KeepsRequestsWithinTheAskedNumberOfSpans) {
  FakeCollector collector;
  Options options;
  options.exporter.max_request_spans = 10;
  ProviderCore& core = MakeProviderCore(options, collector.factory());
  EndSpans(core, 95);
  EXPECT_TRUE(core.ForceFlush(seconds(20)));
  size_t spans = 0;
  for (const auto& request : collector.Requests()) {
    const int size = request.resource_spans(0).scope_spans(0).spans_size();
    EXPECT_LE(size, 10);
    spans += static_cast<size_t>(size);
  }
  EXPECT_EQ(spans, 95u);
  EXPECT_TRUE(core.Shutdown(seconds(5)));
}

TEST(ExporterTest, SendsWithoutBeingAskedAfterTheDelay) {
  FakeCollector collector;
  Options options;
  options.exporter.schedule_delay = milliseconds(10);
  ProviderCore& core = MakeProviderCore(options, collector.factory());
  EndSpans(core, 1);
  EXPECT_TRUE(collector.WaitForCalls(1));
  EndSpans(core, 1);
  EXPECT_TRUE(collector.WaitForCalls(2));
  EXPECT_TRUE(core.Shutdown(seconds(5)));
  EXPECT_EQ(core.stats().exported, 2u);
}

TEST(ExporterTest, DropsWhatWasRefusedForTooLong) {
  FakeCollector collector([](int) { return Refuse(); });
  Options options;
  options.exporter.max_retry_time = milliseconds(1);
  ProviderCore& core = MakeProviderCore(options, collector.factory());
  EndSpans(core, 3);
  EXPECT_FALSE(core.ForceFlush(seconds(20)));
  EXPECT_EQ(core.stats().dropped_retry_expired, 3u);
  EXPECT_TRUE(core.Shutdown(seconds(5)));
}

TEST(ExporterTest, FlushWithoutSpansIsDoneAtOnce) {
  FakeCollector collector;
  ProviderCore& core = MakeProviderCore({}, collector.factory());
  EXPECT_TRUE(core.ForceFlush(milliseconds(0)));
  EXPECT_TRUE(core.Shutdown(milliseconds(0)));
  EXPECT_EQ(collector.calls(), 0);
}

}  // namespace
}  // namespace spandrel::sdk
