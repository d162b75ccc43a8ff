// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/policy.h"

#include <gtest/gtest.h>

namespace spandrel::columnar {
namespace {

constexpr uint64_t kMiB = 1 << 20;

std::vector<PartFacts> Parts(size_t count, uint64_t bytes) {
  std::vector<PartFacts> parts;
  for (uint64_t i = 0; i < count; ++i) parts.push_back({bytes, 1000, 100, 100 - i, 200 - i});
  return parts;
}

TEST(ChooseMergeTest, WaitsUntilEnoughOfOneSizeAreThere) {
  EngineOptions options;
  EXPECT_TRUE(ChooseMerge({}, options).empty());
  EXPECT_TRUE(ChooseMerge(Parts(7, kMiB), options).empty());
  auto mixed = Parts(7, kMiB);
  mixed.push_back({100 * kMiB, 1000, 100, 0, 1});
  EXPECT_TRUE(ChooseMerge(mixed, options).empty());
}

TEST(ChooseMergeTest, TakesTheOldestFirst) {
  EngineOptions options;
  options.merge_fan_in = 3;
  EXPECT_EQ(ChooseMerge(Parts(5, kMiB), options), (std::vector<size_t>{4, 3, 2}));
}

TEST(ChooseMergeTest, KeepsToTheLimitsOfAPart) {
  EngineOptions options;
  options.merge_fan_in = 4;
  options.max_part_bytes = 25 * kMiB;
  EXPECT_EQ(ChooseMerge(Parts(6, 10 * kMiB), options).size(), 2U);
  options.max_part_bytes = 15 * kMiB;
  EXPECT_TRUE(ChooseMerge(Parts(6, 10 * kMiB), options).empty());
}

// The number of parts stays small however many are sealed.
TEST(ChooseMergeTest, BoundsTheNumberOfParts) {
  EngineOptions options;
  std::vector<PartFacts> parts;
  for (uint64_t sealed = 0; sealed < 5000; ++sealed) {
    parts.push_back({8 * kMiB, 1000, 100, sealed, sealed + 1});
    for (auto chosen = ChooseMerge(parts, options); !chosen.empty();
         chosen = ChooseMerge(parts, options)) {
      PartFacts merged = parts[chosen[0]];
      std::sort(chosen.rbegin(), chosen.rend());
      merged.bytes = merged.spans = 0;
      for (const size_t at : chosen) {
        merged.bytes += parts[at].bytes;
        parts.erase(parts.begin() + static_cast<ptrdiff_t>(at));
      }
      parts.push_back(merged);
    }
  }
  EXPECT_LT(parts.size(), 100U);
}

TEST(ChooseExpiredTest, DropsByAgeAndBySize) {
  EngineOptions options;
  const std::vector<PartFacts> parts = {{10, 1, 0, 0, 3'000'000'000}, {10, 1, 0, 0, 9'000'000'000}};
  EXPECT_TRUE(ChooseExpired(parts, 10'000'000'000, options).empty());
  options.max_age = std::chrono::seconds(5);
  EXPECT_EQ(ChooseExpired(parts, 10'000'000'000, options), std::vector<size_t>{0});
  options.max_age = {};
  options.max_bytes = 15;
  EXPECT_EQ(ChooseExpired(parts, 10'000'000'000, options), std::vector<size_t>{0});
  options.max_bytes = 5;
  EXPECT_EQ(ChooseExpired(parts, 10'000'000'000, options), (std::vector<size_t>{0, 1}));
}

}  // namespace
}  // namespace spandrel::columnar
