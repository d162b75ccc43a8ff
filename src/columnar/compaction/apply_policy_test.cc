// SPDX-License-Identifier: Apache-2.0
// Retention by policy in a whole store.
#include "columnar/compaction/apply_policy.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "columnar/compaction/trace_policy.h"
#include "columnar/engine.h"
#include "columnar/testing/spans.h"
#include "conformance/random_questions.h"
#include "conformance/reference_store.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"

namespace spandrel::columnar {
namespace {

using conformance::MakeBatch;
using conformance::TestSpan;
using conformance::TraceIdOf;
using span::SpanStatus;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kHour = 3600 * kSecond;
constexpr uint64_t kStart = 500'000 * kHour;

// A wall clock and a steady clock that go together, by hand.
class HandClock final : public base::Clock {
 public:
  uint64_t NowUnixNano() const override { return kStart + passed_; }
  std::chrono::steady_clock::time_point NowSteady() const override {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(kHour + passed_));
  }
  void Pass(uint64_t time) { passed_ += time; }

 private:
  std::atomic<uint64_t> passed_{0};
};

class ApplyPolicyTest : public testing::Test {
 protected:
  ApplyPolicyTest() {
    options_.directory = directory_.path();
    options_.clock = &clock_;
    options_.merge_fan_in = 100;
    options_.policy.keep_whole_for = std::chrono::hours(24);
    options_.policy.keep_errors = true;
    options_.policy.keep_slower_than = std::chrono::seconds(2);
    options_.policy.keep_matching = {{"tier", "gold"}};
    options_.policy.keep_one_in = 10;
  }
  void Open() {
    engine_.reset();
    auto engine = Engine::Open(options_, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }
  // Stores spans and makes them a part.
  void Store(const std::vector<TestSpan>& spans) {
    ASSERT_TRUE(AppendAndWait(*engine_, MakeBatch(spans)).ok());
    engine_->Settle();
  }
  void LeaveHotWindow() {
    clock_.Pass(26 * kHour);
    engine_->Settle();
  }
  size_t SpansOf(uint64_t trace) {
    const auto found = engine_->GetTrace({}, TraceIdOf(trace));
    return found.ok() ? found->span_count() : 0;
  }
  storage::AggregateBucket Count(storage::CountUnit unit = storage::CountUnit::kSpans,
                                 storage::Predicate where = {}) {
    storage::AggregateRequest request;
    request.unit = unit;
    request.where = std::move(where);
    const auto counted = engine_->Aggregate({}, request);
    EXPECT_TRUE(counted.ok()) << counted.status().ToString();
    if (counted->series.empty()) return {};
    return counted->series[0].buckets[0];
  }
  uint64_t Dropped() {
    return metrics_.AddCounter("spandrel_store_expired_spans_total", {{"reason", "policy"}})
        .value();
  }
  // Whether the policy keeps a trace that nothing speaks for.
  bool IsDrawn(uint64_t trace) const {
    TracePolicy policy(options_.policy);
    return policy.Offer(TraceIdOf(trace), {}).weight != 0;
  }
  // The number of such a trace, the n-th of its kind.
  uint64_t TraceThatIs(bool drawn, int n = 0) const {
    uint64_t trace = 1;
    while (IsDrawn(trace) != drawn || n-- > 0) ++trace;
    return trace;
  }

  disk::TestDirectory directory_;
  HandClock clock_;
  base::MetricRegistry metrics_;
  EngineOptions options_;
  std::unique_ptr<Engine> engine_;
};

// 300 traces of two spans in two services, every 30th with an error, every 50th slow, every 70th
// gold.
std::vector<TestSpan> ManyTraces(uint64_t first) {
  std::vector<TestSpan> spans;
  for (uint64_t i = first; i < first + 300; ++i) {
    TestSpan root{.trace = i, .span = 2 * i, .start = kStart + i};
    root.duration = i % 50 == 0 ? 3 * kSecond : kSecond / 100;
    TestSpan child{.trace = i, .span = 2 * i + 1, .parent = 2 * i, .service = "db"};
    child.start = kStart + i + 1;
    if (i % 30 == 0) child.status = SpanStatus::kError;
    if (i % 70 == 0) child.attributes = {{"tier", "gold"}};
    spans.push_back(root);
    spans.push_back(child);
  }
  return spans;
}

bool IsKeptWhole(uint64_t trace) {
  return trace % 30 == 0 || trace % 50 == 0 || trace % 70 == 0;
}

TEST_F(ApplyPolicyTest, KeepsWholeTracesAndCountsTheRest) {
  Open();
  Store(ManyTraces(1));
  Store(ManyTraces(301));
  EXPECT_EQ(Count().count, 1200U) << "all is kept in the hot window";
  EXPECT_EQ(Dropped(), 0U);
  LeaveHotWindow();
  uint64_t counted = 0;
  uint64_t stored = 0;
  for (uint64_t i = 1; i <= 600; ++i) {
    const bool drawn = IsDrawn(i);
    ASSERT_EQ(SpansOf(i), IsKeptWhole(i) || drawn ? 2U : 0U) << i;
    stored += SpansOf(i);
    counted += IsKeptWhole(i) ? 2 : drawn ? 20 : 0;
  }
  const auto check = [&] {
    EXPECT_EQ(engine_->Stats().spans, stored);
    const storage::AggregateBucket spans = Count();
    EXPECT_EQ(spans.count, counted);
    EXPECT_EQ(spans.error_count, 20U);
    EXPECT_EQ(spans.latency.count(), counted);
    EXPECT_EQ(Count(storage::CountUnit::kTraces).count, counted / 2);
    const auto calls = engine_->Dependencies({}, {});
    ASSERT_TRUE(calls.ok());
    ASSERT_EQ(calls->size(), 1U);
    EXPECT_EQ((*calls)[0].call_count, counted / 2);
    EXPECT_EQ((*calls)[0].latency.count(), counted / 2);
    EXPECT_EQ((*calls)[0].error_count, 20U);
    EXPECT_EQ(Dropped(), 1200 - stored);
  };
  check();
  // A second round, another start and a merge change nothing.
  clock_.Pass(kHour);
  engine_->Settle();
  check();
  Open();
  check();
  options_.merge_fan_in = 2;
  Open();
  engine_->Settle();
  EXPECT_EQ(engine_->Parts().size(), 1U);
  check();
}

// What the policy of the fixture knows of a trace, from its spans as they were sent.
std::map<uint64_t, TraceFacts> FactsOf(const std::vector<TestSpan>& spans) {
  std::map<uint64_t, TraceFacts> all;
  for (const TestSpan& span : spans) {
    TraceFacts& facts = all[span.trace];
    facts.min_start = std::min(facts.min_start, span.start);
    facts.max_end = std::max(facts.max_end, span.start + span.duration);
    facts.has_error |= span.status == SpanStatus::kError;
    for (const auto& [key, value] : span.attributes) {
      facts.is_matching |= key == "k1" && value == conformance::TestValue("v1");
    }
  }
  return all;
}

TEST_F(ApplyPolicyTest, AnswersEqualThoseOfWeightedSpans) {
  for (const uint16_t one_in : {1, 3, 50}) {
    SCOPED_TRACE(one_in);
    disk::TestDirectory directory;
    options_.directory = directory.path();
    options_.policy.keep_whole_for = std::chrono::seconds(0);
    options_.policy.keep_slower_than = std::chrono::milliseconds(3000);
    options_.policy.keep_matching = {{"k1", "v1"}};
    options_.policy.keep_one_in = one_in;
    Open();
    std::mt19937_64 random(one_in);
    const auto spans = conformance::RandomSpans(random, 1, 180, 1'000'000'000'000, 16 * kSecond);
    std::vector<std::vector<TestSpan>> parts(4);
    for (const TestSpan& span : spans) parts[random() % parts.size()].push_back(span);
    for (const auto& part : parts) Store(part);

    options_.policy.keep_whole_for = std::chrono::hours(1);
    Open();
    engine_->Settle();
    std::map<span::TraceId, uint16_t> weights;
    TracePolicy policy(options_.policy);
    for (const auto& [trace, facts] : FactsOf(spans)) {
      weights[TraceIdOf(trace)] = policy.Offer(TraceIdOf(trace), facts).weight;
    }
    conformance::ReferenceStore reference;
    const auto weighted = conformance::Weighted(
        MakeBatch(spans), [&](const span::TraceId& id) { return weights[id]; });
    ASSERT_EQ(engine_->Stats().spans, weighted.span_count());
    ASSERT_TRUE(AppendAndWait(reference, weighted).ok());
    for (int i = 0; i < 40; ++i) {
      conformance::ExpectSameAnswers(random, *engine_, reference, "judged");
    }
  }
}

// Ten traces alike, of which the policy draws one in ten: nothing that is counted changes.
TEST_F(ApplyPolicyTest, OneInTenCountsLikeTenBefore) {
  std::vector<TestSpan> spans;
  const auto add_trace = [&](uint64_t trace) {
    spans.push_back({.trace = trace, .span = 2 * trace, .service = "web", .start = kStart});
    spans.push_back(
        {.trace = trace, .span = 2 * trace + 1, .parent = 2 * trace, .start = kStart + 1});
  };
  add_trace(TraceThatIs(true));
  for (int i = 0; i < 9; ++i) add_trace(TraceThatIs(false, i));
  Open();
  Store(spans);
  const storage::AggregateBucket spans_before = Count();
  const storage::AggregateBucket traces_before = Count(storage::CountUnit::kTraces);
  const auto calls_before = engine_->Dependencies({}, {}).value();
  ASSERT_EQ(spans_before.count, 20U);
  LeaveHotWindow();
  EXPECT_EQ(engine_->Stats().spans, 2U);
  EXPECT_EQ(Count().count, 20U);
  EXPECT_EQ(Count().latency.buckets(), spans_before.latency.buckets());
  EXPECT_EQ(Count(storage::CountUnit::kTraces).count, 10U);
  EXPECT_EQ(Count(storage::CountUnit::kTraces).latency.buckets(), traces_before.latency.buckets());
  const auto calls = engine_->Dependencies({}, {}).value();
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].call_count, calls_before[0].call_count);
  EXPECT_EQ(calls[0].latency.buckets(), calls_before[0].latency.buckets());
  // Of the trace itself nothing is multiplied.
  const auto found = engine_->Search({}, {}).value();
  ASSERT_EQ(found.traces.size(), 1U);
  EXPECT_EQ(found.traces[0].span_count, 2U);
  EXPECT_EQ(found.traces[0].matched_count, 2U);
}

TEST_F(ApplyPolicyTest, JudgesATraceByAllItsParts) {
  const uint64_t failed = TraceThatIs(false);
  const uint64_t slow = TraceThatIs(false, 1);
  const uint64_t gold = TraceThatIs(false, 2);
  Open();
  Store({{.trace = failed, .span = 1, .start = kStart},
         {.trace = slow, .span = 2, .start = kStart},
         {.trace = gold, .span = 3, .start = kStart}});
  clock_.Pass(2 * kHour);
  Store({{.trace = failed, .span = 4, .start = kStart + 2 * kHour, .status = SpanStatus::kError},
         {.trace = slow, .span = 5, .start = kStart + 2 * kHour},
         {.trace = gold,
          .span = 6,
          .start = kStart + 2 * kHour,
          .resource_attributes = {{"tier", "gold"}}}});
  clock_.Pass(23 * kHour);  // the first part has left the hot window
  engine_->Settle();
  for (const uint64_t trace : {failed, slow, gold}) EXPECT_EQ(SpansOf(trace), 2U);
  LeaveHotWindow();
  for (const uint64_t trace : {failed, slow, gold}) EXPECT_EQ(SpansOf(trace), 2U);
  EXPECT_EQ(Count().count, 6U);
}

// A trace lies in two parts that leave the hot window one after the other; what is left of it in
// the second one is the only trace of its shape there.
TEST_F(ApplyPolicyTest, WhatIsLeftOfADroppedTraceIsNoExample) {
  options_.policy.keep_per_shape_and_hour = 1;
  options_.policy.keep_slower_than = std::chrono::seconds(0);
  const uint64_t split = TraceThatIs(false);
  Open();
  const auto a_b = [&](uint64_t trace, uint64_t start) {
    return std::vector<TestSpan>{{.trace = trace, .span = 1, .service = "a", .start = start},
                                 {.trace = trace, .span = 2, .service = "b", .start = start}};
  };
  std::vector<TestSpan> first;
  for (int i = 1; i < 200; ++i) {
    for (const TestSpan& span : a_b(TraceThatIs(false, i), kStart)) first.push_back(span);
  }
  first.push_back({.trace = split, .span = 1, .service = "a", .start = kStart});
  Store(first);
  clock_.Pass(kHour);
  Store({{.trace = split, .span = 2, .service = "b", .start = kStart + kHour}});
  ASSERT_EQ(SpansOf(split), 2U);
  clock_.Pass(24 * kHour - kHour / 2);
  engine_->Settle();
  ASSERT_EQ(SpansOf(split), 1U) << "dropped from the first part alone";
  Open();
  LeaveHotWindow();
  EXPECT_EQ(SpansOf(split), 0U);
  EXPECT_EQ(engine_->Stats().spans, 2U) << "the example";
}

TEST_F(ApplyPolicyTest, SaysWhatItDroppedAndWhy) {
  options_.policy.keep_per_shape_and_hour = 1;
  Open();
  Store(ManyTraces(1));
  LeaveHotWindow();
  const auto traces_that = [&](const char* outcome) {
    return metrics_.AddCounter("spandrel_store_policy_traces_total", {{"outcome", outcome}})
        .value();
  };
  EXPECT_EQ(traces_that("error"), 10U);
  EXPECT_EQ(traces_that("slow"), 4U) << "of six, two have an error as well";
  EXPECT_EQ(traces_that("matching"), 3U) << "of four, one has an error as well";
  EXPECT_EQ(traces_that("example"), 1U);
  EXPECT_GT(traces_that("share"), 10U);
  EXPECT_EQ(Dropped(), 2 * traces_that("dropped"));
  const std::vector<PartInfo> parts = engine_->Parts();
  ASSERT_EQ(parts.size(), 1U);
  ASSERT_TRUE(parts[0].policy_applied);
  EXPECT_EQ(parts[0].dropped_spans, Dropped());
  EXPECT_EQ(parts[0].dropped_traces, traces_that("dropped"));
}

TEST_F(ApplyPolicyTest, LateSpansGoWithTheirTraceOrAreJudgedByThemselves) {
  const uint64_t drawn = TraceThatIs(true);
  const uint64_t gone = TraceThatIs(false);
  const uint64_t failed = TraceThatIs(false, 1);
  Open();
  Store({{.trace = drawn, .span = 1, .start = kStart},
         {.trace = gone, .span = 2, .start = kStart},
         {.trace = failed, .span = 3, .start = kStart}});
  LeaveHotWindow();
  EXPECT_EQ(SpansOf(gone), 0U);
  const uint64_t late = kStart + 20 * kHour;
  Store({{.trace = drawn, .span = 4, .start = late, .duration = 10 * kSecond},
         {.trace = gone, .span = 5, .start = late},
         {.trace = failed, .span = 6, .start = late, .status = SpanStatus::kError}});
  EXPECT_EQ(SpansOf(gone), 1U);
  LeaveHotWindow();
  EXPECT_EQ(SpansOf(drawn), 2U);
  EXPECT_EQ(SpansOf(gone), 0U);
  EXPECT_EQ(SpansOf(failed), 1U);
  EXPECT_EQ(Count().count, 21U) << "both spans of the trace that was drawn stand for ten";
}

TEST_F(ApplyPolicyTest, APartOfWhichNothingStaysGoes) {
  Open();
  Store({{.trace = TraceThatIs(false), .start = kStart}});
  LeaveHotWindow();
  EXPECT_EQ(engine_->Parts().size(), 0U);
  EXPECT_EQ(Dropped(), 1U);
  Open();
  EXPECT_EQ(engine_->Stats().spans, 0U);
}

TEST_F(ApplyPolicyTest, MessagesOfKeptTracesStayAsTheyWere) {
  Open();
  std::mt19937_64 random(7);
  const std::vector<TestSpan> spans = conformance::RandomSpans(random, 1, 500, kStart, kHour);
  Store(spans);
  std::map<uint64_t, std::vector<std::string>> before;
  const auto messages_of = [&](uint64_t trace) {
    std::vector<std::string> messages;
    const auto found = engine_->GetTrace({}, TraceIdOf(trace));
    if (!found.ok()) return messages;
    for (const auto& chunk : found->chunks()) {
      for (size_t i = 0; i < chunk->spans.size(); ++i) {
        messages.emplace_back(span::SpanRef(*chunk, i).span().message);
      }
    }
    return messages;
  };
  for (uint64_t i = 1; i <= 500; ++i) before[i] = messages_of(i);
  LeaveHotWindow();
  size_t kept = 0;
  for (uint64_t i = 1; i <= 500; ++i) {
    const auto after = messages_of(i);
    if (after.empty()) continue;
    ++kept;
    EXPECT_EQ(after, before[i]);
  }
  EXPECT_GT(kept, 20U);
  EXPECT_LT(kept, 500U);
}

}  // namespace
}  // namespace spandrel::columnar
