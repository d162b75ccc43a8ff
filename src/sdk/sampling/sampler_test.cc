// SPDX-License-Identifier: Apache-2.0
#include "sdk/sampling/sampler.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "opentelemetry/common/key_value_iterable_view.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/sampling/probability_sampler.h"
#include "sdk/sampling/rate_limit.h"
#include "sdk/sampling/rule_sampler.h"
#include "sdk/sampling/trace_state_text.h"
#include "sdk/testing/fake_collector.h"

namespace spandrel::sdk {
namespace {

using opentelemetry::trace::SpanKind;
using Root = SamplerOptions::Root;

constexpr uint64_t kHigh = (uint64_t{1} << 56) - 1;  // the largest 56-bit random value

SamplerOptions Of(Root root, double ratio = 1) {
  SamplerOptions options;
  options.root = root;
  options.ratio = ratio;
  options.parent_based = false;
  return options;
}

SamplingInput WithRandom(uint64_t random) {
  SamplingInput input;
  input.random = random;
  return input;
}

SamplingInput WithParent(bool sampled, bool remote) {
  SamplingInput input;
  input.has_parent = true;
  input.parent_sampled = sampled;
  input.parent_remote = remote;
  return input;
}

TEST(SamplerTest, SimpleOnesAnswerAlikeBothWays) {
  for (const SamplerOptions& options :
       {Of(Root::kAlwaysOn), Of(Root::kAlwaysOff), Of(Root::kTraceIdRatio, 0.5)}) {
    const Sampler sampler(options);
    ASSERT_TRUE(sampler.simple());
    for (const uint64_t random :
         {uint64_t{0}, UINT64_MAX / 2 - 1, UINT64_MAX / 2 + 1, UINT64_MAX}) {
      EXPECT_EQ(sampler.Sample(false, false, random),
                sampler.SampleWith(WithRandom(random)).sampled);
    }
  }
  EXPECT_FALSE(Sampler(Of(Root::kProbability)).simple());
}

TEST(SamplerTest, EachKindOfParentHasItsSlot) {
  const auto on = std::make_shared<const SamplerOptions>(Of(Root::kAlwaysOn));
  const auto off = std::make_shared<const SamplerOptions>(Of(Root::kAlwaysOff));
  SamplerOptions options = Of(Root::kAlwaysOff);
  options.parent_based = true;
  options.remote_parent_sampled = off;
  options.remote_parent_not_sampled = on;
  options.local_parent_sampled = off;
  const Sampler sampler(options);
  EXPECT_FALSE(sampler.simple());
  EXPECT_FALSE(sampler.SampleWith({}).sampled);
  EXPECT_FALSE(sampler.SampleWith(WithParent(true, true)).sampled);
  EXPECT_TRUE(sampler.SampleWith(WithParent(false, true)).sampled);
  EXPECT_FALSE(sampler.SampleWith(WithParent(true, false)).sampled);
  EXPECT_FALSE(sampler.SampleWith(WithParent(false, false)).sampled) << "follows the parent";
}

TEST(SamplerTest, ProbabilityWritesItsThresholdAndLeavesTheRest) {
  const Sampler sampler(Of(Root::kProbability, 0.25));
  SamplingInput input = WithRandom(kHigh);
  SampleResult result = sampler.SampleWith(input);
  EXPECT_TRUE(result.sampled);
  ASSERT_NE(result.trace_state, nullptr);
  EXPECT_EQ(*result.trace_state, "ot=th:c");

  input.trace_state = "a=1, ot=xy:z;rv:ffffffffffffff;th:8 ,b=2";
  input.random = 0;
  result = sampler.SampleWith(input);
  EXPECT_TRUE(result.sampled) << "rv goes before the trace id";
  EXPECT_EQ(*result.trace_state, "ot=th:c;xy:z;rv:ffffffffffffff,a=1,b=2");

  input.trace_state = "ot=th:c";
  input.random = kHigh;
  EXPECT_EQ(sampler.SampleWith(input).trace_state, nullptr) << "nothing to change";

  input.random = 0;
  result = sampler.SampleWith(input);
  EXPECT_FALSE(result.sampled);
  EXPECT_EQ(*result.trace_state, "") << "a trace that is dropped has no threshold";
}

TEST(SamplerTest, ProbabilityIsAsLikelyAsItSays) {
  const Sampler sampler(Of(Root::kProbability, 0.1));
  uint64_t random = 12345;
  int sampled = 0;
  for (int i = 0; i < 20'000; ++i) {
    random = random * 6364136223846793005 + 1442695040888963407;
    sampled += sampler.SampleWith(WithRandom(random >> 8)).sampled;
  }
  EXPECT_GT(sampled, 1'800);
  EXPECT_LT(sampled, 2'200);
}

TEST(SamplerTest, ThresholdsKeepFourDigits) {
  EXPECT_EQ(ThresholdText(RejectionThreshold(1)), "0");
  EXPECT_EQ(ThresholdText(RejectionThreshold(0.5)), "8");
  EXPECT_EQ(ThresholdText(RejectionThreshold(0.25)), "c");
  EXPECT_EQ(ThresholdText(RejectionThreshold(1.0 / 3)), "aaab");
  EXPECT_EQ(ThresholdText(RejectionThreshold(0.001)), "ffbe77");
  EXPECT_EQ(RejectionThreshold(std::ldexp(1.0, -56)), kAllRandomValues - 1);
  EXPECT_EQ(RejectionThreshold(0), kAllRandomValues);
  EXPECT_EQ(RejectionThreshold(-1), kAllRandomValues);
}

TEST(SamplerTest, MalformedTraceStateIsTakenAsAbsent) {
  for (const char* bad : {"", "ot=", "ot=th:", "ot=th:xyz", "ot=th:123456789012345", "ot=TH:c",
                          "ot=rv:abc", "ot=rv:ABCDEFABCDEFAB", "x=th:c", ",,,", "ot"}) {
    const OtTraceState state = ReadOtTraceState(bad);
    EXPECT_FALSE(state.threshold || state.random) << bad;
  }
  EXPECT_EQ(ReadOtTraceState("a=1,ot=th:c,ot=th:8").threshold, uint64_t{3} << 54);
}

TEST(SamplerTest, TraceStateStaysWithinItsLimits) {
  std::string full;
  for (int i = 0; i < 32; ++i) full += (i == 0 ? "k" : ",k") + std::to_string(i) + "=v";
  const std::string text = WithThreshold(full, uint64_t{1} << 55);
  EXPECT_EQ(text.rfind("ot=th:8,k0=v,", 0), 0u);
  EXPECT_EQ(std::count(text.begin(), text.end(), ','), 31);
  EXPECT_EQ(text.find("k31="), std::string::npos);

  const std::string long_ot = "ot=rv:00000000000001;x:" + std::string(240, 'y');
  EXPECT_EQ(WithThreshold(long_ot, 0), "ot=th:0;rv:00000000000001");
}

TEST(SamplerTest, RateLimitLetsABurstThroughAndThenItsRate) {
  RateLimit limit(10);
  RateLimit::TimePoint now{std::chrono::hours(1)};
  int allowed = 0;
  for (int i = 0; i < 100; ++i) allowed += limit.Allow(now);
  EXPECT_EQ(allowed, 10);
  EXPECT_TRUE(limit.Allow(now + std::chrono::milliseconds(100)));
  EXPECT_FALSE(limit.Allow(now + std::chrono::milliseconds(100)));
  EXPECT_FALSE(RateLimit(0).Allow(now));
  RateLimit slow(0.5);
  EXPECT_TRUE(slow.Allow(now));
  EXPECT_FALSE(slow.Allow(now + std::chrono::seconds(1)));
  EXPECT_TRUE(slow.Allow(now + std::chrono::seconds(2)));
}

TEST(SamplerTest, RateLimitSamplesNoMoreThanItsBurst) {
  SamplerOptions options = Of(Root::kRateLimit);
  options.spans_per_second = 5;
  const Sampler sampler(options);
  int sampled = 0;
  for (int i = 0; i < 1'000; ++i) sampled += sampler.SampleWith({}).sampled;
  EXPECT_GE(sampled, 5);
  EXPECT_LT(sampled, 500);
}

TEST(SamplerTest, TheFirstRuleThatMatchesDecides) {
  SamplerOptions options = Of(Root::kRules);
  options.rules = {
      {SpanKind::kServer, "GET /health*", {}, Of(Root::kAlwaysOff), {}},
      {std::nullopt,
       "",
       {{"http.route", "/pay/*"}, {"tries", "2"}},
       Of(Root::kAlwaysOn),
       {{"sampled.by", "payments"}}},
      {SpanKind::kServer, "", {}, Of(Root::kTraceIdRatio, 0), {}},
      {SpanKind::kClient, "", {}, Of(Root::kAlwaysOn), {}},
  };
  const Sampler sampler(options);
  SamplingInput input;
  input.kind = SpanKind::kServer;
  input.name = "GET /healthz";
  EXPECT_FALSE(sampler.SampleWith(input).sampled);
  input.kind = SpanKind::kClient;
  EXPECT_TRUE(sampler.SampleWith(input).sampled);
  input.kind = SpanKind::kInternal;
  EXPECT_FALSE(sampler.SampleWith(input).sampled) << "no rule: dropped";

  using Attributes = std::map<std::string, opentelemetry::common::AttributeValue>;
  const Attributes attributes{{"http.route", "/pay/:id"}, {"tries", 2}};
  const opentelemetry::common::KeyValueIterableView<Attributes> view(attributes);
  input.kind = SpanKind::kServer;
  input.name = "POST /pay/7";
  EXPECT_FALSE(sampler.SampleWith(input).sampled);
  input.attributes = &view;
  const SampleResult result = sampler.SampleWith(input);
  EXPECT_TRUE(result.sampled);
  ASSERT_EQ(result.attributes.size(), 1u);
  EXPECT_EQ(result.attributes[0].first, "sampled.by");
  EXPECT_EQ(std::get<std::string>(result.attributes[0].second), "payments");
}

// The tracer asks, writes tracestate on, and sets the attributes.
TEST(SamplerTest, DecidesForTheTracersSpans) {
  FakeCollector collector;
  Options options;
  options.sampler = Of(Root::kRules);
  options.sampler.rules = {{SpanKind::kServer, "", {}, Of(Root::kProbability, 1), {{"rule", "a"}}}};
  ProviderCore& core = MakeProviderCore(options, collector.factory());
  const auto tracer = core.GetTracer("test", "", "");
  EXPECT_FALSE(tracer->StartSpan("internal")->IsRecording());
  opentelemetry::trace::StartSpanOptions start;
  start.kind = SpanKind::kServer;
  const auto span = tracer->StartSpan("server", start);
  EXPECT_TRUE(span->IsRecording());
  EXPECT_EQ(span->GetContext().trace_state()->ToHeader(), "ot=th:0");
  span->End();
  EXPECT_TRUE(core.ForceFlush(std::chrono::seconds(20)));
  ASSERT_EQ(collector.Spans().size(), 1u);
  const auto sent = collector.Spans().at(0);
  EXPECT_EQ(sent.trace_state(), "ot=th:0");
  EXPECT_EQ(sent.attributes(0).key(), "rule");
  EXPECT_TRUE(core.Shutdown(std::chrono::seconds(5)));
}

TEST(SamplerTest, PatternsMatchWithStars) {
  EXPECT_TRUE(MatchesPattern("a*c*", "abcbcd"));
  EXPECT_TRUE(MatchesPattern("*", ""));
  EXPECT_TRUE(MatchesPattern("", ""));
  EXPECT_TRUE(MatchesPattern("*b", "aab"));
  EXPECT_FALSE(MatchesPattern("", "a"));
  EXPECT_FALSE(MatchesPattern("a*c", "abcd"));
  EXPECT_FALSE(MatchesPattern("abc", "ab"));
  EXPECT_FALSE(MatchesPattern(std::string(50, '*') + "x", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace spandrel::sdk
