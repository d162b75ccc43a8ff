// SPDX-License-Identifier: Apache-2.0
#include "storage/value_histogram.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "storage/latency_histogram.h"

namespace spandrel::storage {
namespace {

TEST(ValueHistogramTest, CountsByBucket) {
  std::mt19937_64 random(1);
  ValueHistogram histogram;
  std::map<int32_t, uint64_t> positive, negative;
  for (int i = 0; i < 5000; ++i) {
    const double value = static_cast<double>(random() % 100'000) / 100 - 300;
    const uint64_t count = 1 + random() % 3;
    histogram.Add(value, count);
    if (value == 0) continue;
    auto& buckets = value < 0 ? negative : positive;
    buckets[LatencyHistogram::BucketOfNumber(value < 0 ? -value : value)] += count;
  }
  EXPECT_EQ(histogram.positive(), ValueHistogram::Buckets(positive.begin(), positive.end()));
  EXPECT_EQ(histogram.negative(), ValueHistogram::Buckets(negative.begin(), negative.end()));
}

// Runs, merged histograms and single numbers come to the same.
TEST(ValueHistogramTest, AddsUpInAnyWay) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 50; ++round) {
    ValueHistogram by_number, by_run, merged;
    for (int part = 0; part < 3; ++part) {
      std::vector<uint64_t> numbers(random() % 40);
      for (uint64_t& number : numbers) number = random() >> random() % 65 % 64;
      if (random() % 2 == 0) numbers.push_back(0);
      std::vector<int32_t> buckets(numbers.size());
      LatencyHistogram::FindBuckets(numbers, buckets);
      std::vector<uint64_t> counts(2100);
      ValueHistogram of_part;
      for (size_t i = 0; i < numbers.size(); ++i) {
        const auto number = static_cast<double>(numbers[i]);
        by_number.Add(number, 2);
        of_part.Add(number, 2);
        counts[static_cast<size_t>(buckets[i] - (LatencyHistogram::kFirstBucket - 1))] += 2;
      }
      by_run.AddZeros(counts[0]);
      by_run.AddRun(LatencyHistogram::kFirstBucket, std::span(counts).subspan(1));
      merged.Merge(of_part);
    }
    EXPECT_EQ(by_run, by_number);
    EXPECT_EQ(merged, by_number);
  }
}

TEST(ValueHistogramTest, QuantilesOfNumbersOfEitherSign) {
  ValueHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  for (int value = -50; value <= 49; ++value) histogram.Add(value);
  EXPECT_NEAR(histogram.Quantile(0), -50, 0.6);
  EXPECT_NEAR(histogram.Quantile(0.25), -26, 0.4);
  EXPECT_EQ(histogram.Quantile(0.51), 0);
  EXPECT_NEAR(histogram.Quantile(1), 49, 0.6);
}

}  // namespace
}  // namespace spandrel::storage
