// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/trace_ids.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "conformance/test_spans.h"

namespace spandrel::columnar {
namespace {

TraceIdList RandomIds(std::mt19937_64& random, size_t count, uint64_t bound) {
  std::set<span::TraceId> ids;
  while (ids.size() < count) ids.insert(conformance::TraceIdOf(random() % bound));
  return {ids.begin(), ids.end()};
}

TEST(TraceIdsTest, MergesLists) {
  std::mt19937_64 random(1);
  for (size_t lists = 0; lists < 10; ++lists) {
    std::vector<TraceIdList> made;
    TraceIdList wanted;
    for (size_t i = 0; i < lists; ++i) {
      made.push_back(RandomIds(random, random() % 50, 100));
      wanted.insert(wanted.end(), made.back().begin(), made.back().end());
    }
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(MergeTraceIds({made.begin(), made.end()}), wanted);
  }
}

TEST(TraceIdsTest, FindsWhatTwoListsHave) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 100; ++round) {
    const TraceIdList a = RandomIds(random, random() % 100, 500);
    const TraceIdList b = RandomIds(random, random() % 400, 500);
    std::vector<std::pair<size_t, size_t>> wanted;
    for (size_t i = 0; i < a.size(); ++i) {
      const auto found = std::lower_bound(b.begin(), b.end(), a[i]);
      if (found != b.end() && *found == a[i]) {
        wanted.emplace_back(i, static_cast<size_t>(found - b.begin()));
      }
    }
    std::vector<std::pair<size_t, size_t>> got;
    ForEachCommonTrace(a, b, [&](size_t i, size_t j) { got.emplace_back(i, j); });
    EXPECT_EQ(got, wanted);
    got.clear();
    ForEachCommonTrace(b, a, [&](size_t j, size_t i) { got.emplace_back(i, j); });
    EXPECT_EQ(got, wanted);
  }
}

}  // namespace
}  // namespace spandrel::columnar
