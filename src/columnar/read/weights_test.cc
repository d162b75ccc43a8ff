// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "columnar/testing/places.h"
#include "columnar/testing/snapshot_reader.h"
#include "conformance/random_expressions.h"
#include "conformance/random_questions.h"

namespace spandrel::columnar {
namespace {

constexpr uint64_t kStart = 1'000'000'000'000;
constexpr uint64_t kWindow = 16'000'000'000;

// Every read of spans that stand for several, in traces that lie in several places.
TEST(WeightsTest, AnswersEqualThoseOfTheReference) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    TestPlaces places;
    places.Scatter(conformance::RandomSpans(random, 1, 150, kStart, kWindow), 3, random, 2);
    SnapshotReader reader(places.snapshot());
    for (int i = 0; i < 40; ++i) {
      const std::string state = "question " + std::to_string(i);
      conformance::ExpectSameAnswers(random, reader, places.reference(), state);
      conformance::ExpectSameTraceAnswers(random, reader, places.reference(), state);
    }
  }
}

// One span that stands for three counts as three, wherever spans are counted.
TEST(WeightsTest, ASpanCountsAsManyTimesAsItStandsFor) {
  TestPlaces places;
  std::vector<conformance::TestSpan> spans;
  for (uint64_t trace = 1; trace <= 10; ++trace) {
    spans.push_back({.trace = trace, .attributes = {{"k", std::string("v")}}});
  }
  places.AddPartWithPolicy(spans);
  uint64_t wanted = 0;
  for (uint64_t trace = 1; trace <= 10; ++trace) {
    wanted += TestPlaces::WeightOf(conformance::TraceIdOf(trace));
  }
  const storage::AttributeField field{storage::AttributeScope::kSpan, "k"};
  storage::MeasureRequest measure;
  measure.measures = {{}};
  EXPECT_EQ(
      MeasureSpans({}, places.snapshot(), measure)->series.at(0).buckets.at(0).measures[0].count,
      wanted);
  EXPECT_EQ(CountValues({}, places.snapshot(), {})->a, wanted);
  EXPECT_EQ(ListValues({}, places.snapshot(), {.field = field})->values.at(0).spans, wanted);
  storage::NamesRequest names;
  names.scopes = {storage::AttributeScope::kSpan};
  EXPECT_EQ(ListNames({}, places.snapshot(), names)->names.at(0).spans, wanted);
}

}  // namespace
}  // namespace spandrel::columnar
