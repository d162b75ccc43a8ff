// SPDX-License-Identifier: Apache-2.0
#include "query/trace_layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace spandrel::query {
namespace {

struct Node {
  uint64_t id;
  uint64_t parent;
  uint64_t start;
};

span::SpanId IdOf(uint64_t number) {
  span::SpanId id;
  std::memcpy(id.bytes.data(), &number, sizeof(number));
  return id;
}

uint64_t NumberOf(const span::SpanId& id) {
  uint64_t number = 0;
  std::memcpy(&number, id.bytes.data(), sizeof(number));
  return number;
}

span::SpanBatch MakeTrace(const std::vector<Node>& nodes) {
  auto chunk = std::make_shared<span::SpanChunk>();
  chunk->buffer = base::MakeSharedBytes("");
  chunk->resources.emplace_back();
  chunk->scopes.emplace_back();
  for (const Node& node : nodes) {
    span::SpanEntry entry;
    entry.span_id = IdOf(node.id);
    entry.parent_span_id = IdOf(node.parent);
    entry.start_time_unix_nano = node.start;
    entry.end_time_unix_nano = node.start + 10;
    chunk->spans.push_back(entry);
  }
  return span::SpanBatch(std::move(chunk));
}

std::vector<uint64_t> Ids(const TraceLayout& layout) {
  std::vector<uint64_t> ids;
  for (const auto& placed : layout.spans) ids.push_back(NumberOf(placed.span.entry().span_id));
  return ids;
}

// What holds of every layout, whatever the trace.
void CheckShape(const TraceLayout& layout, size_t span_count) {
  ASSERT_EQ(layout.spans.size(), span_count);
  std::vector<size_t> path;  // the open ancestors
  for (size_t i = 0; i < span_count; ++i) {
    const PlacedSpan& placed = layout.spans[i];
    while (!path.empty() && i >= path.back() + layout.spans[path.back()].subtree_size)
      path.pop_back();
    ASSERT_EQ(placed.depth, path.size()) << i;
    ASSERT_GE(placed.subtree_size, 1U);
    const size_t end = i + placed.subtree_size;
    ASSERT_LE(end,
              path.empty() ? span_count : path.back() + layout.spans[path.back()].subtree_size);
    if (!path.empty()) {
      ASSERT_EQ(placed.span.entry().parent_span_id, layout.spans[path.back()].span.entry().span_id);
    }
    const bool has_sibling = end < span_count && layout.spans[end].depth == placed.depth;
    if (has_sibling) {
      ASSERT_LE(placed.span.entry().start_time_unix_nano,
                layout.spans[end].span.entry().start_time_unix_nano);
    }
    path.push_back(i);
  }
}

TEST(TraceLayoutTest, EmptyTrace) {
  EXPECT_TRUE(LayOutTrace({}).spans.empty());
}

TEST(TraceLayoutTest, PreOrderWithSiblingsByStart) {
  const auto trace = MakeTrace({{4, 2, 30}, {3, 1, 50}, {2, 1, 20}, {1, 0, 10}, {5, 2, 25}});
  const TraceLayout layout = LayOutTrace(trace);
  CheckShape(layout, 5);
  EXPECT_EQ(Ids(layout), (std::vector<uint64_t>{1, 2, 5, 4, 3}));
  EXPECT_EQ(layout.spans[0].subtree_size, 5U);
  EXPECT_EQ(layout.spans[1].subtree_size, 3U);
  EXPECT_EQ(layout.start_time_unix_nano, 10U);
  EXPECT_EQ(layout.end_time_unix_nano, 60U);
}

TEST(TraceLayoutTest, OrphansAreMarkedRoots) {
  const auto trace = MakeTrace({{1, 0, 10}, {2, 99, 5}, {3, 2, 6}});
  const TraceLayout layout = LayOutTrace(trace);
  EXPECT_EQ(Ids(layout), (std::vector<uint64_t>{2, 3, 1}));
  EXPECT_TRUE(layout.spans[0].is_orphan);
  EXPECT_FALSE(layout.spans[1].is_orphan);
  EXPECT_FALSE(layout.spans[2].is_orphan);
}

TEST(TraceLayoutTest, CirclesAreBrokenAtTheirEarliestSpan) {
  // 5 -> 2 -> 3 -> 4 -> 2, 1 is its own parent.
  const auto trace = MakeTrace({{1, 1, 40}, {2, 4, 30}, {3, 2, 20}, {4, 3, 50}, {5, 2, 10}});
  const TraceLayout layout = LayOutTrace(trace);
  CheckShape(layout, 5);
  EXPECT_EQ(Ids(layout), (std::vector<uint64_t>{3, 4, 2, 5, 1}));
  for (const auto& placed : layout.spans) EXPECT_FALSE(placed.is_orphan);
}

TEST(TraceLayoutTest, EqualIdsKeepAllSpans) {
  const auto trace = MakeTrace({{1, 0, 10}, {2, 1, 20}, {2, 1, 15}, {3, 2, 30}, {2, 2, 40}});
  const TraceLayout layout = LayOutTrace(trace);
  CheckShape(layout, 5);
  EXPECT_EQ(Ids(layout), (std::vector<uint64_t>{1, 2, 3, 2, 2}));
}

TEST(TraceLayoutTest, DeepChainsAndLongCircles) {
  constexpr uint64_t kCount = 100'000;
  std::vector<Node> chain;
  for (uint64_t i = 0; i < kCount; ++i) chain.push_back({i + 1, i, kCount - i});
  CheckShape(LayOutTrace(MakeTrace(chain)), kCount);
  chain.front().parent = kCount;
  const auto trace = MakeTrace(chain);
  const TraceLayout circle = LayOutTrace(trace);
  CheckShape(circle, kCount);
  EXPECT_EQ(NumberOf(circle.spans[0].span.entry().span_id), kCount);
}

TEST(TraceLayoutTest, RandomForests) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    const uint64_t count = 1 + random() % 60;
    std::vector<Node> nodes;
    for (uint64_t i = 1; i <= count; ++i) {
      // Some parents are absent, some form circles.
      nodes.push_back({i, random() % (count + 5), random() % 50});
    }
    std::shuffle(nodes.begin(), nodes.end(), random);
    const auto trace = MakeTrace(nodes);
    const TraceLayout layout = LayOutTrace(trace);
    CheckShape(layout, count);
    const std::vector<uint64_t> ids = Ids(layout);
    EXPECT_EQ(std::set<uint64_t>(ids.begin(), ids.end()).size(), count);
    for (const auto& placed : layout.spans) {
      const uint64_t parent = NumberOf(placed.span.entry().parent_span_id);
      EXPECT_EQ(placed.is_orphan, parent > count) << parent;
    }
  }
}

}  // namespace
}  // namespace spandrel::query
