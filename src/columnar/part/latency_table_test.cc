// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/latency_table.h"

#include <gtest/gtest.h>

#include "storage/latency_histogram.h"

namespace spandrel::columnar {
namespace {

TEST(LatencyTableTest, CountsEachSpanByItsWeight) {
  LatencyTableBuilder builder;
  const LatencyKey key{7, 0, true};
  builder.Add(key, 0, 1);
  builder.Add(key, 0, 10);
  builder.Add(key, 1000, 3);
  builder.Add(key, 5000, 1);
  builder.Add(key, 1000, 1);
  const auto table = ParseLatencyTable(EncodeLatencyTable(builder.Finish()), 1);
  ASSERT_TRUE(table.ok());
  ASSERT_EQ(table->size(), 1U);
  EXPECT_EQ((*table)[0].first, key);
  const LatencyCounts& counts = (*table)[0].second;
  EXPECT_EQ(counts.count, 16U);
  EXPECT_EQ(counts.zero_count, 11U);
  using storage::LatencyHistogram;
  const std::vector<std::pair<int32_t, uint64_t>> expected = {
      {LatencyHistogram::BucketOf(1000), 4}, {LatencyHistogram::BucketOf(5000), 1}};
  EXPECT_EQ(counts.buckets, expected);
}

}  // namespace
}  // namespace spandrel::columnar
