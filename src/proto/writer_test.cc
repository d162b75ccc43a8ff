// SPDX-License-Identifier: Apache-2.0
#include "proto/writer.h"

#include <google/protobuf/io/coded_stream.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "proto/field_reader.h"
#include "proto/raw_writer.h"
#include "proto/strict_cursor.h"

namespace spandrel::proto {
namespace {

constexpr uint64_t kNumbers[] = {0,
                                 1,
                                 127,
                                 128,
                                 16383,
                                 16384,
                                 (1ULL << 35) - 1,
                                 1ULL << 63,
                                 std::numeric_limits<uint64_t>::max()};

// As libprotobuf writes it.
std::string TheirVarint(uint64_t value) {
  uint8_t bytes[10];
  uint8_t* const end = google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(value, bytes);
  return {reinterpret_cast<char*>(bytes), reinterpret_cast<char*>(end)};
}

TEST(Varint, IsWrittenAsLibprotobufDoes) {
  for (const uint64_t number : kNumbers) {
    std::string appended;
    AppendVarint(number, &appended);
    EXPECT_EQ(appended, TheirVarint(number));
    EXPECT_EQ(VarintSize(number), appended.size());
    char raw[10];
    EXPECT_EQ(std::string(raw, WriteVarint(raw, number)), appended);
    StrictCursor cursor(appended);
    uint64_t read = 0;
    EXPECT_TRUE(cursor.TakeVarint(&read) && cursor.done());
    EXPECT_EQ(read, number);
  }
}

TEST(StrictCursor, RefusesWhatItCouldNotWriteAgain) {
  for (const std::string_view bad :
       {std::string_view("\x80\x00", 2), std::string_view("\xff"),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")}) {
    StrictCursor cursor(bad);
    uint64_t value = 0;
    EXPECT_FALSE(cursor.TakeVarint(&value));
  }
  std::string_view bytes;
  EXPECT_FALSE(StrictCursor("\x05hi").TakeBytes(&bytes));
  EXPECT_FALSE(StrictCursor("abc").Skip(4));
  char word[4];
  EXPECT_FALSE(StrictCursor("abc").TakeFixed(word, 4));
}

TEST(Writer, WritesWhatTheReaderReads) {
  std::string bytes;
  Writer writer(&bytes);
  writer.Varint(1, 300);
  writer.Fixed64(2, 7);
  writer.Fixed32(16, 9);
  writer.Bytes(2047, "hi");
  std::string_view rest = bytes;
  Field field;
  ASSERT_TRUE(NextField(&rest, &field) && field.is_varint());
  EXPECT_EQ(field.scalar, 300u);
  ASSERT_TRUE(NextField(&rest, &field) && field.is_fixed64());
  EXPECT_EQ(field.scalar, 7u);
  ASSERT_TRUE(NextField(&rest, &field) && field.is_fixed32());
  EXPECT_EQ(field.number, 16u);
  EXPECT_EQ(field.scalar, 9u);
  ASSERT_TRUE(NextField(&rest, &field) && field.is_bytes());
  EXPECT_EQ(field.number, 2047u);
  EXPECT_EQ(field.bytes, "hi");
  EXPECT_TRUE(rest.empty());
}

TEST(Writer, ClosesMessagesOfAnySize) {
  for (const size_t size : {0u, 1u, 120u, 127u, 128u, 20000u}) {
    std::string bytes;
    Writer writer(&bytes);
    {
      const NestedMessage outer(writer, 1);
      const NestedMessage inner(writer, 2);
      writer.Bytes(3, std::string(size, 'x'));
    }
    std::string_view rest = bytes;
    Field field;
    for (const uint32_t number : {1u, 2u, 3u}) {
      ASSERT_TRUE(NextField(&rest, &field)) << size;
      EXPECT_EQ(field.number, number);
      EXPECT_TRUE(rest.empty());
      rest = field.bytes;
    }
    EXPECT_EQ(rest, std::string(size, 'x'));
  }
}

TEST(RawWriter, WritesFields) {
  char memory[64];
  char* out = WriteLengthField(memory, LengthTag(1), "ab");
  *out++ = Fixed64Tag(2);
  out = WriteFixed64(out, 5);
  *out++ = VarintTag(3);
  out = WriteVarint(out, 300);
  std::string expected;
  Writer writer(&expected);
  writer.Bytes(1, "ab");
  writer.Fixed64(2, 5);
  writer.Varint(3, 300);
  EXPECT_EQ(std::string(memory, out), expected);
  EXPECT_EQ(LengthFieldSize(2), 4u);
  EXPECT_EQ(LengthFieldSize(200), 203u);
}

}  // namespace
}  // namespace spandrel::proto
