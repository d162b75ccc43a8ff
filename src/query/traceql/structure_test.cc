// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/structure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "storage/trace_fields.h"

namespace spandrel::query {
namespace {

using storage::kNoParent;
using storage::kOrphan;
using traceql::Join;
using traceql::Relation;

// Straight from the definition: whether `row` is so to `other`.
bool IsSo(const std::vector<int32_t>& parents, Relation relation, uint32_t row, uint32_t other) {
  const auto is_below = [&parents](uint32_t low, uint32_t high) {
    int32_t at = parents[low];
    for (size_t step = 0; step < parents.size() && at >= 0; ++step) {
      if (at == static_cast<int32_t>(high)) return true;
      at = parents[static_cast<size_t>(at)];
    }
    return false;
  };
  switch (relation) {
    case Relation::kChild:
      return parents[row] == static_cast<int32_t>(other);
    case Relation::kParent:
      return parents[other] == static_cast<int32_t>(row);
    case Relation::kDescendant:
      return is_below(row, other);
    case Relation::kAncestor:
      return is_below(other, row);
    case Relation::kSibling:
      break;
  }
  return row != other && parents[row] == parents[other] && parents[row] != kOrphan;
}

Rows Literally(const std::vector<int32_t>& parents, Relation relation, Join join, const Rows& left,
               const Rows& right) {
  Rows found;
  const auto is_so_to_one = [&](uint32_t row, const Rows& others, bool forward) {
    return std::any_of(others.begin(), others.end(), [&](uint32_t other) {
      return forward ? IsSo(parents, relation, row, other) : IsSo(parents, relation, other, row);
    });
  };
  for (const uint32_t row : right) {
    if (is_so_to_one(row, left, true) == (join != Join::kNot)) found.push_back(row);
  }
  if (join == Join::kUnion) {
    for (const uint32_t row : left) {
      if (is_so_to_one(row, right, false)) found.push_back(row);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

Rows RandomRows(std::mt19937& random, size_t count) {
  Rows rows;
  for (uint32_t row = 0; row < count; ++row) {
    if (random() % 2 == 0) rows.push_back(row);
  }
  return rows;
}

// Parents at random make trees, chains, circles and spans that are their own parents.
TEST(Structure, IsWhatTheDefinitionSays) {
  std::mt19937 random(11);
  for (int round = 0; round < 3'000; ++round) {
    const size_t count = 1 + random() % 9;
    std::vector<int32_t> parents;
    for (size_t i = 0; i < count; ++i) {
      const uint32_t pick = random() % 8;
      parents.push_back(pick == 0   ? kNoParent
                        : pick == 1 ? kOrphan
                                    : static_cast<int32_t>(random() % count));
    }
    Structure structure(parents);
    for (int call = 0; call < 6; ++call) {
      const auto relation = static_cast<Relation>(random() % 5);
      const auto join = static_cast<Join>(random() % 3);
      const Rows left = RandomRows(random, count);
      const Rows right = RandomRows(random, count);
      ASSERT_EQ(structure.Join(relation, join, left, right),
                Literally(parents, relation, join, left, right))
          << "relation " << static_cast<int>(relation) << " join " << static_cast<int>(join);
    }
  }
}

TEST(Structure, TakesLongChainsInOneGo) {
  constexpr uint32_t kCount = 200'000;
  std::vector<int32_t> parents(kCount);
  std::iota(parents.begin(), parents.end(), -1);
  parents[0] = kNoParent;
  Rows all(kCount);
  std::iota(all.begin(), all.end(), 0U);
  Structure structure(parents);
  EXPECT_EQ(structure.Join(Relation::kDescendant, Join::kRight, {0}, all).size(), kCount - 1);
  EXPECT_EQ(structure.Join(Relation::kAncestor, Join::kRight, {kCount - 1}, all).size(),
            kCount - 1);
  EXPECT_EQ(structure.Join(Relation::kDescendant, Join::kUnion, all, all).size(), kCount);
}

}  // namespace
}  // namespace spandrel::query
