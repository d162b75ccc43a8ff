// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/trace_policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "conformance/test_spans.h"
#include "storage/latency_histogram.h"

namespace spandrel::columnar {
namespace {

using conformance::TraceIdOf;

constexpr uint64_t kHourNano = 3'600'000'000'000;

TraceFacts Plain(uint64_t shape = 1, uint64_t hour = 7) {
  TraceFacts facts;
  facts.min_start = hour * kHourNano;
  facts.max_end = facts.min_start + 1000;
  facts.operations = {shape};
  return facts;
}

TEST(TracePolicyTest, KeepsWhatIsAskedFor) {
  PolicyOptions options;
  options.keep_errors = true;
  options.keep_slower_than = std::chrono::nanoseconds(1000);
  options.keep_one_in = kMaxKeepOneIn;
  TracePolicy policy(options);
  TraceFacts facts = Plain();
  // Not among the one in ten thousand.
  ASSERT_EQ(policy.Offer(TraceIdOf(1), facts).weight, 0);
  facts.max_end += 1;
  EXPECT_EQ(policy.Offer(TraceIdOf(1), facts).weight, 1);
  facts = Plain();
  facts.has_error = true;
  EXPECT_EQ(policy.Offer(TraceIdOf(1), facts).weight, 1);
  facts = Plain();
  facts.is_matching = true;
  EXPECT_EQ(policy.Offer(TraceIdOf(1), facts).weight, 1);
  facts = Plain();
  facts.is_uncertain = true;
  EXPECT_EQ(policy.Offer(TraceIdOf(1), facts).weight, 1);
  // What another part says goes before all.
  facts.decided = 7;
  EXPECT_EQ(policy.Offer(TraceIdOf(1), facts).weight, 7);
}

TEST(TracePolicyTest, KeepsNothingWithoutReason) {
  PolicyOptions options;
  options.keep_one_in = kMaxKeepOneIn;
  TracePolicy policy(options);
  TraceFacts facts = Plain();
  facts.has_error = true;
  facts.max_end += 100 * kHourNano;
  EXPECT_EQ(policy.Offer(TraceIdOf(1), facts).weight, 0);
  EXPECT_EQ(policy.Decide(TraceIdOf(1), {}).weight, 0);
}

TEST(TracePolicyTest, KeepsAllWhenOneInOne) {
  TracePolicy policy({});
  for (uint64_t i = 1; i < 100; ++i) EXPECT_EQ(policy.Offer(TraceIdOf(i), Plain()).weight, 1);
}

TEST(TracePolicyTest, KeepsExamplesOfEachShapeInEachHour) {
  PolicyOptions options;
  options.keep_per_shape_and_hour = 3;
  options.keep_one_in = kMaxKeepOneIn;
  TracePolicy policy(options);
  uint64_t next = 1;
  const auto offer_all = [&](const TraceFacts& facts) {
    for (int i = 0; i < 50; ++i, ++next) {
      policy.Offer(TraceIdOf(next), facts);
      policy.Offer(TraceIdOf(next), facts);  // as from another row group
    }
  };
  offer_all(Plain(1, 7));
  offer_all(Plain(2, 7));
  offer_all(Plain(1, 8));
  policy.Offer(TraceIdOf(next), Plain(3, 7));
  for (uint64_t first = 1; first < next; first += 50) {
    int kept = 0;
    for (uint64_t i = first; i < first + 50; ++i) kept += policy.Decide(TraceIdOf(i), {}).weight;
    EXPECT_EQ(kept, 3);
  }
  EXPECT_EQ(policy.Decide(TraceIdOf(next), {}).weight, 1) << "the only one of its shape";
}

// A trace of the test: what it is, and what it adds to the counts.
struct Trace {
  span::TraceId id;
  TraceFacts facts;
  uint64_t spans = 0;
};

struct Totals {
  uint64_t traces = 0;
  uint64_t spans = 0;
  uint64_t errors = 0;
  uint64_t slow = 0;
  storage::LatencyHistogram latency;

  void Add(const Trace& trace, uint64_t weight) {
    traces += weight;
    spans += weight * trace.spans;
    errors += trace.facts.has_error ? weight : 0;
    slow += trace.facts.duration_nano() > 2'000'000'000 ? weight : 0;
    latency.Add(trace.facts.duration_nano(), weight);
  }
};

Trace RandomTrace(std::mt19937_64& random) {
  Trace trace;
  const uint64_t words[] = {random(), random()};
  trace.id = *span::TraceId::FromBytes({reinterpret_cast<const char*>(words), sizeof(words)});
  const uint64_t shape = random() % 50;
  trace.facts = Plain(shape, random() % 24);
  trace.facts.has_error = random() % 25 == 0;
  std::lognormal_distribution<double> duration(std::log(50e6), 1.2);
  trace.facts.max_end = trace.facts.min_start + static_cast<uint64_t>(duration(random));
  trace.spans = 1 + shape % 12;
  return trace;
}

double RelativeError(uint64_t estimate, uint64_t truth) {
  return std::abs(static_cast<double>(estimate) / static_cast<double>(truth) - 1);
}

// The error of a count is that of drawing one in ten: its deviation is 0.95 % with 10^5 traces and
// 0.3 % with 10^6. A draw of 10^5 is held to three deviations, ten of them together to 1 %. Of the
// slowest hundredth fewer are drawn, so a quantile there is rougher.
TEST(TracePolicyTest, CountsFromWhatIsKeptAreRight) {
  PolicyOptions options;
  options.keep_errors = true;
  options.keep_slower_than = std::chrono::seconds(2);
  options.keep_per_shape_and_hour = 2;
  options.keep_one_in = 10;
  std::mt19937_64 random(20261122);
  Totals all_truth, all_kept;
  for (int draw = 0; draw < 10; ++draw) {
    std::vector<Trace> traces;
    for (int i = 0; i < 100'000; ++i) traces.push_back(RandomTrace(random));
    Totals truth, kept;
    TracePolicy policy(options);
    std::vector<PolicyDecision> offered;
    for (const Trace& trace : traces) offered.push_back(policy.Offer(trace.id, trace.facts));
    uint64_t stored = 0;
    for (size_t i = 0; i < traces.size(); ++i) {
      const uint16_t weight = policy.Decide(traces[i].id, offered[i]).weight;
      stored += weight > 0 ? 1 : 0;
      truth.Add(traces[i], 1);
      kept.Add(traces[i], weight);
    }
    EXPECT_LT(stored, 20'000U);
    EXPECT_EQ(kept.errors, truth.errors);
    EXPECT_EQ(kept.slow, truth.slow);
    EXPECT_LT(RelativeError(kept.traces, truth.traces), 0.029);
    EXPECT_LT(RelativeError(kept.spans, truth.spans), 0.035);
    for (Totals* totals : {&all_truth, &all_kept}) {
      const Totals& from = totals == &all_truth ? truth : kept;
      totals->traces += from.traces;
      totals->spans += from.spans;
      totals->latency.Merge(from.latency);
    }
    EXPECT_LT(RelativeError(kept.latency.Quantile(0.99), truth.latency.Quantile(0.99)), 0.15);
  }
  EXPECT_LT(RelativeError(all_kept.traces, all_truth.traces), 0.01);
  EXPECT_LT(RelativeError(all_kept.spans, all_truth.spans), 0.01);
  EXPECT_EQ(all_kept.latency.count(), all_kept.traces);
  // A bucket of the histogram is 2.2 % wide.
  EXPECT_LT(RelativeError(all_kept.latency.Quantile(0.99), all_truth.latency.Quantile(0.99)),
            0.045);
}

}  // namespace
}  // namespace spandrel::columnar
