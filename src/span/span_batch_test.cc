// SPDX-License-Identifier: Apache-2.0
#include "span/span_batch.h"

#include <gtest/gtest.h>

#include <set>

#include "span/ids.h"

namespace spandrel::span {
namespace {

std::shared_ptr<const SpanChunk> ChunkOf(size_t spans, uint32_t message_size) {
  auto chunk = std::make_shared<SpanChunk>();
  chunk->spans.resize(spans);
  for (SpanEntry& span : chunk->spans) span.message.size = message_size;
  return chunk;
}

TEST(SpanBatch, CountsSpansAndBytes) {
  SpanBatch batch(ChunkOf(2, 100));
  batch.Append(ChunkOf(0, 0));
  EXPECT_EQ(batch.chunks().size(), 1u);
  SpanBatch other(ChunkOf(3, 10));
  batch.Append(std::move(other));
  EXPECT_EQ(batch.span_count(), 5u);
  EXPECT_EQ(batch.byte_size(), 230u);
  EXPECT_EQ(batch.chunks().size(), 2u);
  EXPECT_TRUE(SpanBatch().empty());
  const SpanBatch copy = batch;
  EXPECT_EQ(copy.chunks()[0], batch.chunks()[0]);
}

TEST(SpanEntry, DurationIsNeverNegative) {
  SpanEntry entry;
  entry.start_time_unix_nano = 10;
  entry.end_time_unix_nano = 15;
  EXPECT_EQ(entry.duration_nano(), 5u);
  entry.end_time_unix_nano = 5;
  EXPECT_EQ(entry.duration_nano(), 0u);
}

TEST(Names, OfKindAndStatus) {
  EXPECT_EQ(SpanKindName(SpanKind::kServer), "server");
  EXPECT_EQ(SpanKindName(static_cast<SpanKind>(99)), "unspecified");
  EXPECT_EQ(SpanStatusName(SpanStatus::kError), "error");
  EXPECT_EQ(SpanStatusName(static_cast<SpanStatus>(99)), "unset");
}

TEST(Id, ReadsAndWritesHex) {
  const auto id = SpanId::FromHex("00112233AABBccdd");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->ToHex(), "00112233aabbccdd");
  EXPECT_EQ(SpanId::FromBytes(id->view()), id);
  EXPECT_FALSE(SpanId::FromHex("00"));
  EXPECT_FALSE(SpanId::FromHex("00112233aabbccdg"));
  EXPECT_FALSE(TraceId::FromBytes(id->view()));
  EXPECT_TRUE(TraceId().IsZero());
  EXPECT_FALSE(id->IsZero());
  EXPECT_LT(*SpanId::FromHex("00000000000000ff"), *SpanId::FromHex("0000000000000100"));
}

TEST(IdHash, UsesAllBytes) {
  std::set<size_t> hashes;
  for (size_t at = 0; at < TraceId::kSize; ++at) {
    for (const uint8_t bit : {1, 128}) {
      TraceId id;
      id.bytes[at] = bit;
      hashes.insert(IdHash()(id));
    }
  }
  EXPECT_EQ(hashes.size(), 2 * TraceId::kSize);
}

}  // namespace
}  // namespace spandrel::span
