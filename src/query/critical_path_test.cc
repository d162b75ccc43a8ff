// SPDX-License-Identifier: Apache-2.0
#include "query/critical_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "conformance/test_spans.h"

namespace spandrel::query {
namespace {

using conformance::TestSpan;
using ::testing::ElementsAre;
using ::testing::Pair;

TestSpan Span(uint64_t id, uint64_t parent, uint64_t start, uint64_t end) {
  TestSpan span;
  span.span = id;
  span.parent = parent;
  span.name = std::string(1, static_cast<char>('a' + id - 1));
  span.start = 1000 + start;
  span.duration = end - start;
  return span;
}

std::map<std::string, uint64_t> SelfTimes(const std::vector<TestSpan>& spans) {
  const span::SpanBatch trace = conformance::MakeBatch(spans);
  const TraceLayout layout = LayOutTrace(trace);
  const std::vector<uint64_t> times = CriticalSelfTimes(layout);
  std::map<std::string, uint64_t> by_name;
  for (size_t i = 0; i < times.size(); ++i) {
    by_name[std::string(layout.spans[i].span.name())] = times[i];
  }
  return by_name;
}

TEST(CriticalPathTest, ASpanWithoutChildrenIsAllOfIt) {
  EXPECT_THAT(SelfTimes({Span(1, 0, 0, 100)}), ElementsAre(Pair("a", 100)));
}

TEST(CriticalPathTest, ChildrenOneAfterTheOther) {
  EXPECT_THAT(SelfTimes({Span(1, 0, 0, 100), Span(2, 1, 10, 40), Span(3, 1, 50, 90)}),
              ElementsAre(Pair("a", 30), Pair("b", 30), Pair("c", 40)));
}

TEST(CriticalPathTest, OfChildrenAtTheSameTimeTheLastToEndCounts) {
  EXPECT_THAT(SelfTimes({Span(1, 0, 0, 100), Span(2, 1, 10, 80), Span(3, 1, 10, 90)}),
              ElementsAre(Pair("a", 20), Pair("b", 0), Pair("c", 80)));
}

TEST(CriticalPathTest, GrandchildrenHaveTheirShareOfTheChild) {
  EXPECT_THAT(SelfTimes({Span(1, 0, 0, 100), Span(2, 1, 10, 90), Span(3, 2, 20, 60)}),
              ElementsAre(Pair("a", 20), Pair("b", 40), Pair("c", 40)));
}

TEST(CriticalPathTest, WhatGoesOnAfterItsParentIsCut) {
  EXPECT_THAT(SelfTimes({Span(1, 0, 0, 100), Span(2, 1, 10, 60), Span(3, 2, 50, 200)}),
              ElementsAre(Pair("a", 50), Pair("b", 40), Pair("c", 10)));
}

TEST(CriticalPathTest, SeveralRootsAreOneAfterTheOther) {
  EXPECT_THAT(SelfTimes({Span(1, 0, 0, 40), Span(2, 0, 60, 100)}),
              ElementsAre(Pair("a", 40), Pair("b", 40)));
}

// Whatever the shape, a trace with one root that encloses all has no more and no less than its
// duration to give.
TEST(CriticalPathTest, TheSumIsTheDurationOfTheTrace) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<TestSpan> spans = {Span(1, 0, 0, 1000)};
    for (uint64_t id = 2; id <= 2 + random() % 40; ++id) {
      const uint64_t start = random() % 1000;
      const uint64_t end = start + random() % (1000 - start + 1);
      spans.push_back(Span(id, 1 + random() % (id - 1), start, end));
      spans.back().name = std::to_string(id);
    }
    const auto times = SelfTimes(spans);
    const uint64_t sum =
        std::accumulate(times.begin(), times.end(), uint64_t{0},
                        [](uint64_t total, const auto& entry) { return total + entry.second; });
    EXPECT_EQ(sum, 1000U) << "round " << round;
  }
}

TEST(CriticalPathTest, DeepAndEmptyTracesAreNothingSpecial) {
  EXPECT_TRUE(CriticalSelfTimes(TraceLayout()).empty());
  std::vector<TestSpan> chain;
  for (uint64_t id = 1; id <= 20'000; ++id) {
    chain.push_back(Span(id, id - 1, id, 50'000));
    chain.back().name = std::to_string(id);
  }
  EXPECT_EQ(SelfTimes(chain)["20000"], 30'000U);
}

}  // namespace
}  // namespace spandrel::query
