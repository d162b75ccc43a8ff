// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/dependencies.h"

#include <gtest/gtest.h>

#include "columnar/testing/places.h"

namespace spandrel::columnar {
namespace {

using conformance::TestSpan;

constexpr uint64_t kStart = 1'000'000'000'000;
constexpr uint64_t kWindow = 16'000'000'000;

void ExpectSameCalls(TestPlaces& places, storage::TimeRange range) {
  const auto got = FindDependencies({}, places.snapshot(), range);
  ASSERT_TRUE(got.ok()) << got.status().ToString();
  const auto wanted = places.reference().Dependencies({}, range).value();
  ASSERT_EQ(got->size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ((*got)[i].parent, wanted[i].parent);
    EXPECT_EQ((*got)[i].child, wanted[i].child);
    EXPECT_EQ((*got)[i].call_count, wanted[i].call_count);
    EXPECT_EQ((*got)[i].error_count, wanted[i].error_count);
    EXPECT_EQ((*got)[i].latency.buckets(), wanted[i].latency.buckets());
    EXPECT_EQ((*got)[i].latency.zero_count(), wanted[i].latency.zero_count());
  }
}

TEST(DependenciesTest, EqualThoseOfTheReferenceWhereverTracesLie) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    TestPlaces places;
    // Traces in one place each, in time and out of it, and traces that are all over the place.
    for (uint64_t i = 0; i < 6; ++i) {
      places.AddPart(
          conformance::RandomSpans(random, 1 + i * 40, 40, kStart + i * kWindow / 8, kWindow / 8));
    }
    places.AddHead(conformance::RandomSpans(random, 1000, 20, kStart, kWindow));
    places.Scatter(conformance::RandomSpans(random, 2000, 40, kStart, kWindow), 3, random);
    places.AddPartWithPolicy(conformance::RandomSpans(random, 3000, 40, kStart, kWindow));
    places.Scatter(conformance::RandomSpans(random, 4000, 40, kStart, kWindow), 3, random, 2);
    ExpectSameCalls(places, {});
    for (int i = 0; i < 20; ++i) {
      const uint64_t min = kStart + random() % kWindow;
      ExpectSameCalls(places, {min, min + random() % kWindow});
    }
  }
}

TEST(DependenciesTest, TheEarliestOfTwoSpansWithTheWantedIdIsTheParent) {
  TestPlaces places;
  const TestSpan child{.span = 2, .parent = 1, .service = "child", .start = 5000};
  // The reference takes the one that came first, which here is the earliest.
  places.AddPart({{.service = "early", .start = 1000}, child});
  places.AddPart({{.service = "late", .start = 2000}});
  const auto calls = FindDependencies({}, places.snapshot(), {}).value();
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].parent, "early");
  TestPlaces turned;
  turned.AddPart({{.service = "late", .start = 2000}, child});
  turned.AddHead({{.service = "early", .start = 1000}});
  const auto turned_calls = FindDependencies({}, turned.snapshot(), {4000, 6000}).value();
  ASSERT_EQ(turned_calls.size(), 1U);
  EXPECT_EQ(turned_calls[0].parent, "early");
}

}  // namespace
}  // namespace spandrel::columnar
