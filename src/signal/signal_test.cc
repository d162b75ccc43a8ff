// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "signal/batch.h"

namespace spandrel::signal {
namespace {

std::shared_ptr<const RecordChunk> ChunkOf(size_t records, uint32_t items, uint32_t bytes) {
  auto chunk = std::make_shared<RecordChunk>();
  chunk->records.resize(records, {{0, bytes}, 0, items});
  return chunk;
}

SharedOrigin OriginOf(std::string tenant) {
  return std::make_shared<Origin>(Origin{std::move(tenant), "", {}, ""});
}

TEST(Signal, HasNames) {
  for (const Signal signal : kAllSignals) EXPECT_EQ(FindSignal(SignalName(signal)), signal);
  EXPECT_FALSE(FindSignal("trace"));
  EXPECT_FALSE(FindSignal("profiles"));
  EXPECT_EQ(ItemsName(Signal::kTraces), "spans");
  EXPECT_EQ(ItemsName(Signal::kMetrics), "metric_points");
  EXPECT_EQ(ItemsName(Signal::kLogs), "log_records");
}

TEST(RecordBatch, CountsRecordsItemsAndBytes) {
  MetricBatch batch(ChunkOf(2, 3, 100));
  batch.Append(ChunkOf(0, 0, 0));
  EXPECT_EQ(batch.chunks().size(), 1u);
  batch.Append(MetricBatch(ChunkOf(1, 0, 10)));
  EXPECT_EQ(batch.record_count(), 3u);
  EXPECT_EQ(batch.item_count(), 6u);
  EXPECT_EQ(ItemCount(batch), 6u);
  EXPECT_EQ(batch.byte_size(), 210u);
  const MetricBatch copy = batch;
  EXPECT_EQ(copy.chunks()[0], batch.chunks()[0]);
  EXPECT_EQ(kSignalOf<MetricBatch>, Signal::kMetrics);
  EXPECT_EQ(kSignalOf<LogBatch>, Signal::kLogs);
  EXPECT_EQ(kSignalOf<span::SpanBatch>, Signal::kTraces);
}

template <typename Batch>
Batch Filled();
template <>
LogBatch Filled() {
  return LogBatch(ChunkOf(1, 1, 1));
}
template <>
span::SpanBatch Filled() {
  auto chunk = std::make_shared<span::SpanChunk>();
  chunk->spans.resize(1);
  return span::SpanBatch(chunk);
}

template <typename Batch>
class BatchOrigin : public testing::Test {};
using Batches = testing::Types<span::SpanBatch, LogBatch>;
TYPED_TEST_SUITE(BatchOrigin, Batches);

TYPED_TEST(BatchOrigin, AnEmptyBatchTakesTheOthers) {
  const SharedOrigin blue = OriginOf("blue");
  TypeParam one = Filled<TypeParam>();
  one.set_origin(blue);
  TypeParam merged;
  merged.Append(TypeParam(one));
  EXPECT_EQ(merged.origin(), blue);
  merged.Append(TypeParam());
  merged.Append(std::move(one));
  EXPECT_EQ(merged.origin(), blue);
  EXPECT_EQ(ItemCount(merged), 2u);
}

TYPED_TEST(BatchOrigin, TwoOriginsAreNeverMixed) {
  TypeParam one = Filled<TypeParam>();
  one.set_origin(OriginOf("blue"));
  TypeParam two = Filled<TypeParam>();
  two.set_origin(OriginOf("red"));
  EXPECT_DEATH(one.Append(std::move(two)), "origin_ == other.origin_");
}

TEST(Batch, TheVisitorGetsTheTypeOfTheSignal) {
  for (const Signal signal : kAllSignals) {
    EXPECT_EQ(VisitSignal(signal, []<typename Batch>() { return kSignalOf<Batch>; }), signal);
  }
}

}  // namespace
}  // namespace spandrel::signal
