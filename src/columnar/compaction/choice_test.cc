// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/choice.h"

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

TEST(ChooseMergeTest, DoesNotMixPartsWithAndWithoutPolicy) {
  EngineOptions options;
  options.merge_fan_in = 3;
  auto parts = Parts(4, kMiB);
  parts[0].policy_applied = parts[2].policy_applied = true;
  EXPECT_TRUE(ChooseMerge(parts, options).empty());
  parts.push_back(parts[1]);
  EXPECT_EQ(ChooseMerge(parts, options), (std::vector<size_t>{3, 1, 4}));
}

TEST(ChooseForPolicyTest, TakesTheOldestThatHasLeftTheHotWindow) {
  PolicyOptions options;
  constexpr uint64_t kSecond = 1'000'000'000;
  std::vector<PartFacts> parts = {{1, 1, 0, 50 * kSecond, 90 * kSecond},
                                  {1, 1, 0, 20 * kSecond, 40 * kSecond},
                                  {1, 1, 0, 10 * kSecond, 39 * kSecond}};
  EXPECT_EQ(ChooseForPolicy(parts, 100 * kSecond, options), std::nullopt) << "no policy";
  options.keep_whole_for = std::chrono::seconds(60);
  EXPECT_EQ(ChooseForPolicy(parts, 100 * kSecond, options), 2U);
  parts[2].policy_applied = true;
  EXPECT_EQ(ChooseForPolicy(parts, 100 * kSecond, options), std::nullopt);
  EXPECT_EQ(ChooseForPolicy(parts, 101 * kSecond, options), 1U);
  EXPECT_EQ(ChooseForPolicy(parts, 59 * kSecond, options), std::nullopt);
}

std::vector<size_t> PositionsOf(const std::vector<ExpiredPart>& expired, ExpiryReason reason) {
  std::vector<size_t> positions;
  for (const ExpiredPart& part : expired) {
    if (part.reason == reason) positions.push_back(part.at);
  }
  return positions;
}

TEST(ChooseExpiredTest, DropsByAgeAndBySize) {
  EngineOptions options;
  const RetentionFacts facts{.now_unix_nano = 10'000'000'000};
  const std::vector<PartFacts> parts = {{10, 1, 0, 0, 3'000'000'000}, {10, 1, 0, 0, 9'000'000'000}};
  EXPECT_TRUE(ChooseExpired(parts, facts, options).empty());
  options.max_age = std::chrono::seconds(5);
  EXPECT_EQ(ChooseExpired(parts, facts, options),
            (std::vector<ExpiredPart>{{0, ExpiryReason::kAge}}));
  options.max_age = {};
  options.max_bytes = 15;
  EXPECT_EQ(ChooseExpired(parts, facts, options),
            (std::vector<ExpiredPart>{{0, ExpiryReason::kBytes}}));
  options.max_bytes = 5;
  const auto both = ChooseExpired(parts, facts, options);
  EXPECT_EQ(PositionsOf(both, ExpiryReason::kBytes), (std::vector<size_t>{0, 1}));
}

TEST(ChooseExpiredTest, DropsTheOldestForFreeDiskButNotTheLastOnes) {
  EngineOptions options;
  std::vector<PartFacts> parts;
  for (uint64_t i = 0; i < 10; ++i) parts.push_back({100 * kMiB, 1, 0, 0, 100 - i});
  RetentionFacts facts{
      .now_unix_nano = 200, .free_disk_bytes = 50 * kMiB, .min_free_bytes = 300 * kMiB};
  EXPECT_EQ(PositionsOf(ChooseExpired(parts, facts, options), ExpiryReason::kFreeDisk),
            (std::vector<size_t>{9, 8, 7}));
  facts.free_disk_bytes = 300 * kMiB;
  EXPECT_TRUE(ChooseExpired(parts, facts, options).empty());
  // Somebody else fills the disk: the newest 256 MiB stay.
  facts.free_disk_bytes = 0;
  facts.min_free_bytes = 10'000 * kMiB;
  EXPECT_EQ(ChooseExpired(parts, facts, options).size(), 7U);
}

TEST(ChooseExpiredTest, CountsWhatAgeFreesBeforeItDropsForSize) {
  EngineOptions options;
  options.max_age = std::chrono::seconds(5);
  options.max_bytes = 20;
  const RetentionFacts facts{.now_unix_nano = 10'000'000'000};
  const std::vector<PartFacts> parts = {
      {10, 1, 0, 0, 9'000'000'000}, {10, 1, 0, 0, 1}, {10, 1, 0, 0, 8'000'000'000}};
  EXPECT_EQ(ChooseExpired(parts, facts, options),
            (std::vector<ExpiredPart>{{1, ExpiryReason::kAge}}));
}

// Spans with far-future times are young; they push nothing else out.
TEST(ChooseExpiredTest, FutureSpansDoNotAgeOthers) {
  EngineOptions options;
  options.max_age = std::chrono::seconds(5);
  const std::vector<PartFacts> parts = {{10, 1, 0, 0, UINT64_MAX}, {10, 1, 0, 0, 9'000'000'000}};
  EXPECT_TRUE(ChooseExpired(parts, {.now_unix_nano = 10'000'000'000}, options).empty());
}

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kDay = 86'400 * kSecond;
constexpr uint64_t kYear = 365 * kDay;
constexpr uint64_t kNow = 1'800'000'000 * kSecond;

std::vector<PartFacts> PartOf(uint64_t newest) {
  return {{kMiB, 1000, 100, 0, newest}};
}

// Runs a retention clock for `time`, in steps of a minute, beside a wall clock that is `ahead`.
uint64_t RunClock(uint64_t clock, uint64_t time, uint64_t from, uint64_t ahead) {
  for (uint64_t past = 0; past < time; past += 60 * kSecond) {
    clock = AdvanceRetentionClock(clock, std::chrono::seconds(60), from + past + ahead);
  }
  return clock;
}

TEST(RetentionClockTest, RunsWithTheWallClock) {
  const uint64_t start = StartRetentionClock(0, {}, kNow);
  EXPECT_EQ(start, kNow);
  EXPECT_EQ(RunClock(start, kDay, kNow, 0), kNow + kDay - 60 * kSecond);
}

TEST(RetentionClockTest, AJumpForwardAgesNothingByMoreThanTheTimeSince) {
  const uint64_t clock = RunClock(kNow, kDay, kNow, kYear);
  EXPECT_LE(clock, kNow + 2 * kDay);
  EngineOptions options;
  options.max_age = std::chrono::hours(72);
  EXPECT_TRUE(ChooseExpired(PartOf(kNow), {.now_unix_nano = clock}, options).empty());
}

TEST(RetentionClockTest, AJumpForwardWhileTheStoreWasClosedAgesNothing) {
  EXPECT_EQ(StartRetentionClock(kNow, PartOf(kNow), kNow + kYear), kNow);
  // Nor when spans were stored while the wall clock was wrong.
  EXPECT_EQ(StartRetentionClock(kNow, PartOf(kNow + kYear), kNow + kYear), kNow);
  // Where it stood is lost: the newest span tells, but never the future.
  EXPECT_EQ(StartRetentionClock(0, PartOf(kNow), kNow + kYear), kNow);
  EXPECT_EQ(StartRetentionClock(0, PartOf(UINT64_MAX), kNow), kNow);
}

TEST(RetentionClockTest, StandsStillWhenTheWallClockGoesBack) {
  EXPECT_EQ(RunClock(kNow, kDay, kNow - kYear, 0), kNow);
  EXPECT_EQ(StartRetentionClock(kNow, PartOf(kNow), kNow - kYear), kNow);
}

TEST(RetentionClockTest, MakesUpTheTimeWhenTheStoreWasClosed) {
  const uint64_t opened = kNow + 10 * kDay;
  const uint64_t clock =
      RunClock(StartRetentionClock(kNow, PartOf(kNow), opened), 11 * kDay, opened, 0);
  EXPECT_EQ(clock, opened + 11 * kDay - 60 * kSecond);
}

TEST(RetentionClockTest, AnIdleStoreExpiresAllTheSame) {
  EngineOptions options;
  options.max_age = std::chrono::hours(6 * 24);
  const uint64_t clock = RunClock(StartRetentionClock(0, PartOf(kNow), kNow), 7 * kDay, kNow, 0);
  EXPECT_EQ(ChooseExpired(PartOf(kNow), {.now_unix_nano = clock}, options).size(), 1U);
}

}  // namespace
}  // namespace spandrel::columnar
