// SPDX-License-Identifier: Apache-2.0
#include "proto/field_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace spandrel::proto {
namespace {

TEST(NextField, ReadsEveryWireType) {
  std::string_view message("\x08\x96\x01\x11\1\0\0\0\0\0\0\0\x1a\x02hi\x25\2\0\0\0", 21);
  Field field;
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
  Field field;
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
    Field field;
    EXPECT_FALSE(NextField(&message, &field));
    EXPECT_FALSE(message.empty());
  }
}

}  // namespace
}  // namespace spandrel::proto
