// SPDX-License-Identifier: Apache-2.0
#include "storage/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace spandrel::storage {
namespace {

TEST(LatencyHistogramTest, BoundsHoldTheirValues) {
  for (uint64_t duration : {1UL, 2UL, 3UL, 1000UL, 1024UL, 1UL << 40, UINT64_MAX}) {
    const int32_t bucket = LatencyHistogram::BucketOf(duration);
    EXPECT_LE(static_cast<double>(duration), LatencyHistogram::UpperBound(bucket) * (1 + 1e-12));
    EXPECT_GT(static_cast<double>(duration),
              LatencyHistogram::UpperBound(bucket - 1) * (1 - 1e-12));
  }
}

TEST(LatencyHistogramTest, BucketsAreThoseOfTheLogarithm) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t duration = (random() >> random() % 64) | 1;
    const double position = std::log2(static_cast<double>(duration)) * 32;
    // Not where rounding decides.
    if (std::abs(position - std::round(position)) < 1e-9 && duration > 1) continue;
    EXPECT_EQ(LatencyHistogram::BucketOf(duration), std::ceil(position) - 1) << duration;
  }
  for (int power = 0; power < 64; ++power) {
    EXPECT_EQ(LatencyHistogram::BucketOf(uint64_t{1} << power), power * 32 - 1);
  }
}

TEST(LatencyHistogramTest, CountsBuckets) {
  LatencyHistogram histogram;
  histogram.AddToBucket(LatencyHistogram::kLastBucket, 3);
  histogram.AddToBucket(LatencyHistogram::kFirstBucket, 2);
  histogram.AddToBucket(40, 5);
  histogram.AddZeros(1);
  using Buckets = std::vector<std::pair<int32_t, uint64_t>>;
  EXPECT_EQ(histogram.buckets(), (Buckets{{-1, 2}, {40, 5}, {2047, 3}}));
  EXPECT_EQ(histogram.count(), 11U);
  EXPECT_EQ(LatencyHistogram::BucketOf(1), LatencyHistogram::kFirstBucket);
  EXPECT_EQ(LatencyHistogram::BucketOf(UINT64_MAX), LatencyHistogram::kLastBucket);
}

// Pages keep the low bits of a count.
TEST(LatencyHistogramTest, CountsBeyondWhatAPageKeeps) {
  constexpr uint64_t kMany = uint64_t{3} << 33;
  LatencyHistogram histogram, other;
  histogram.AddToBucket(40, kMany + 1);
  histogram.AddToBucket(41, UINT16_MAX);
  other.AddToBucket(41, 2);
  other.AddToBucket(40, kMany);
  histogram.Merge(other);
  for (int i = 0; i < 70'000; ++i) histogram.AddToBucket(80, 1);
  using Buckets = std::vector<std::pair<int32_t, uint64_t>>;
  EXPECT_EQ(histogram.buckets(),
            (Buckets{{40, 2 * kMany + 1}, {41, uint64_t{UINT16_MAX} + 2}, {80, 70'000}}));
  EXPECT_EQ(histogram.count(), 2 * kMany + UINT16_MAX + 3 + 70'000);
  LatencyHistogram single;
  single.AddToBucket(40, 1);
  EXPECT_EQ(histogram.Quantile(0.9), single.Quantile(0.9));
  EXPECT_GT(histogram.Quantile(1), histogram.Quantile(0.9));
}

TEST(LatencyHistogramTest, QuantilesAreWithinTheBound) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> durations(15, 2);
  LatencyHistogram histogram;
  std::vector<uint64_t> exact;
  for (int i = 0; i < 20'000; ++i) {
    exact.push_back(1 + static_cast<uint64_t>(durations(random)));
    histogram.Add(exact.back());
  }
  std::sort(exact.begin(), exact.end());
  for (double quantile : {0.01, 0.5, 0.95, 0.99, 1.0}) {
    const auto rank = static_cast<size_t>(std::ceil(quantile * 20'000)) - 1;
    const auto truth = static_cast<double>(exact[rank]);
    EXPECT_NEAR(static_cast<double>(histogram.Quantile(quantile)), truth, truth * 0.011 + 1);
  }
}

TEST(LatencyHistogramTest, MergesLikeASingleOne) {
  LatencyHistogram left, right, both;
  for (uint64_t duration : {0UL, 5UL, 70UL}) {
    left.Add(duration);
    both.Add(duration);
  }
  for (uint64_t duration : {5UL, 9000UL}) {
    right.Add(duration, 3);
    both.Add(duration, 3);
  }
  left.Merge(right);
  EXPECT_EQ(left.buckets(), both.buckets());
  EXPECT_EQ(left.count(), 9U);
  EXPECT_EQ(left.zero_count(), 1U);
  EXPECT_EQ(left.Quantile(0), 0U);
}

}  // namespace
}  // namespace spandrel::storage
