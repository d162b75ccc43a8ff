// SPDX-License-Identifier: Apache-2.0
#include "span/span_batch.h"

#include <gtest/gtest.h>

#include <set>

#include "span/field_reader.h"
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

TEST(NextField, ReadsEveryWireType) {
  std::string_view message("\x08\x96\x01\x11\1\0\0\0\0\0\0\0\x1a\x02hi\x25\2\0\0\0", 21);
  ProtoField field;
  ASSERT_TRUE(NextField(&message, &field));
  EXPECT_TRUE(field.is_varint());
  EXPECT_EQ(field.scalar, 150u);
  ASSERT_TRUE(NextField(&message, &field));
  EXPECT_TRUE(field.is_fixed64());
  EXPECT_EQ(field.scalar, 1u);
  ASSERT_TRUE(NextField(&message, &field));
  EXPECT_TRUE(field.is_bytes());
  EXPECT_EQ(field.bytes, "hi");
  ASSERT_TRUE(NextField(&message, &field));
  EXPECT_TRUE(field.is_fixed32());
  EXPECT_EQ(field.number, 4u);
  EXPECT_FALSE(NextField(&message, &field));
  EXPECT_TRUE(message.empty());
}

TEST(NextField, ReadsLargeNumbersAndLengths) {
  const std::string large = "\xfa\x7f\xc8\x01" + std::string(200, 'x');
  std::string_view message = large;
  ProtoField field;
  ASSERT_TRUE(NextField(&message, &field));
  EXPECT_EQ(field.number, 2047u);
  EXPECT_EQ(field.bytes.size(), 200u);
}

TEST(NextField, LeavesMalformedBytesBehind) {
  const std::string_view bad[] = {
      "\x0a",                                                  // no length
      "\x0a\x05hi",                                            // length past the end
      "\x08",                                                  // no varint
      "\x08\xff",                                              // varint cut off
      {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 12},  // varint of eleven bytes
      "\x09\1\2\3",                                            // fixed64 cut off
      "\x0d\1",                                                // fixed32 cut off
      {"\0\1", 2},                                             // field number 0
      "\x0b",                                                  // group
      "\x0e",                                                  // no such wire type
      "\xff\xff\xff\xff\xff\1\1",                              // key over 32 bits
  };
  for (std::string_view message : bad) {
    ProtoField field;
    EXPECT_FALSE(NextField(&message, &field));
    EXPECT_FALSE(message.empty());
  }
}

}  // namespace
}  // namespace spandrel::span
