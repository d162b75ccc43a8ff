// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/latency_table.h"

#include <gtest/gtest.h>

#include "storage/latency_histogram.h"

namespace spandrel::columnar {
namespace {

using storage::LatencyHistogram;
using Buckets = std::vector<std::pair<int32_t, uint64_t>>;

Buckets BucketsOf(const LatencyRecord& record) {
  LatencyHistogram histogram;
  AddBuckets(record.buckets, &histogram);
  return histogram.buckets();
}

// Buckets from a millisecond on are wider than a nanosecond.
uint64_t DurationIn(int32_t bucket) {
  if (bucket == LatencyHistogram::kLastBucket) return UINT64_MAX;
  return static_cast<uint64_t>(LatencyHistogram::UpperBound(bucket));
}

TEST(LatencyTableTest, CountsEachSpanByItsWeight) {
  LatencyTableBuilder builder;
  const LatencyKey key{7, 0, true};
  builder.Add(key, 0, 1);
  builder.Add(key, 0, 10);
  builder.Add(key, 1000, 3);
  builder.Add(key, 5000, 1);
  builder.Add(key, 1000, 1);
  const std::string bytes = builder.Encode();
  LatencyTable table;
  ASSERT_TRUE(ParseLatencyTable(bytes, 1, &table).ok());
  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table[0].key, key);
  EXPECT_EQ(table[0].zero_count, 11U);
  EXPECT_EQ(BucketsOf(table[0]), (Buckets{{LatencyHistogram::BucketOf(1000), 4},
                                          {LatencyHistogram::BucketOf(5000), 1}}));
}

// Counts and distances that fit into half a byte, just do not, or by far not.
TEST(LatencyTableTest, KeepsDistancesAndCountsOfAnySize) {
  LatencyTableBuilder builder;
  Buckets expected;
  for (const auto& [bucket, count] : Buckets{{LatencyHistogram::kFirstBucket, 15},
                                             {700, 16},
                                             {701, 17},
                                             {716, 1},
                                             {732, 144},
                                             {749, 300},
                                             {LatencyHistogram::kLastBucket, uint64_t{1} << 40}}) {
    expected.emplace_back(bucket, count);
    builder.Add({.minute = 3}, DurationIn(bucket), count);
  }
  const std::string bytes = builder.Encode();
  LatencyTable table;
  ASSERT_TRUE(ParseLatencyTable(bytes, 1, &table).ok());
  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(BucketsOf(table[0]), expected);
}

TEST(LatencyTableTest, RefusesWhatIsCutShortOrTooLong) {
  LatencyTableBuilder builder;
  builder.Add({7, 0, false}, 1000, 1);
  builder.Add({9, 3, true}, 70, 2);
  const std::string bytes = builder.Encode();
  LatencyTable table;
  EXPECT_TRUE(ParseLatencyTable(bytes, 4, &table).ok());
  EXPECT_FALSE(ParseLatencyTable(bytes, 3, &table).ok());
  EXPECT_FALSE(ParseLatencyTable(bytes + "x", 4, &table).ok());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ParseLatencyTable(bytes.substr(0, size), 4, &table).ok()) << size;
  }
}

// Whatever the bytes are, buckets stay in bounds.
TEST(LatencyTableTest, TakesAnyBytesForBuckets) {
  LatencyHistogram histogram;
  AddBuckets(std::string(4000, '\xff'), &histogram);
  AddBuckets("\xf0", &histogram);
  AddBuckets(std::string("\xf0\xff\xff\x7f\x00", 5), &histogram);
  for (const auto& [bucket, count] : histogram.buckets()) {
    EXPECT_GE(bucket, LatencyHistogram::kFirstBucket);
    EXPECT_LE(bucket, LatencyHistogram::kLastBucket);
  }
}

}  // namespace
}  // namespace spandrel::columnar
