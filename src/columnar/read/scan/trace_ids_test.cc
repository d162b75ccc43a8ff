// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/trace_ids.h"

#include <gtest/gtest.h>

#include <functional>
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

span::TraceId IdOfWords(uint64_t first, uint64_t second) {
  span::TraceId id;
  for (size_t i = 0; i < 8; ++i) {
    id.bytes[i] = static_cast<uint8_t>(first >> (56 - 8 * i));
    id.bytes[8 + i] = static_cast<uint8_t>(second >> (56 - 8 * i));
  }
  return id;
}

// Finds all ids of a list, and none of what lies between them and around.
void ExpectFinds(const std::set<span::TraceId>& known, const std::set<span::TraceId>& others) {
  const TraceIdList ids(known.begin(), known.end());
  const TraceIdIndex index(ids);
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(index.Find(ids[i]), i);
    EXPECT_LT(index.PlaceNear(ids[i]), ids.size());
  }
  for (const span::TraceId& id : others) {
    if (!ids.empty()) {
      EXPECT_LT(index.PlaceNear(id), ids.size());
    }
    if (!known.contains(id)) {
      EXPECT_EQ(index.Find(id), std::nullopt) << id.ToHex();
    }
  }
}

// Random ids, ids of 64 bits before or behind zeros, counters, and ids that share their beginning.
TEST(TraceIdsTest, AnIndexFindsIdsOfAnyKind) {
  std::mt19937_64 random(3);
  const std::vector<std::function<span::TraceId()>> kinds = {
      [&] { return IdOfWords(random(), random()); },
      [&] { return IdOfWords(0, random()); },
      [&] { return IdOfWords(random(), 0); },
      [&] { return IdOfWords(0, random() % 3000); },
      [&] { return IdOfWords(random() % 3, random()); },
      [&] { return IdOfWords(0x0123456789abcdef, 7 + (random() % 3000 << 40)); },
      [&] { return IdOfWords(random() % 2 == 0 ? 0 : UINT64_MAX, random() % 9 - 4); },
  };
  for (const auto& kind : kinds) {
    for (const size_t count : {0, 1, 2, 3, 100, 5000}) {
      std::set<span::TraceId> known;
      for (size_t i = 0; i < count; ++i) known.insert(kind());
      std::set<span::TraceId> others = {IdOfWords(0, 0), IdOfWords(UINT64_MAX, UINT64_MAX)};
      for (size_t i = 0; i < 500; ++i) others.insert({kind(), IdOfWords(random(), random())});
      ExpectFinds(known, others);
    }
  }
}

}  // namespace
}  // namespace spandrel::columnar
