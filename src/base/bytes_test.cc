// SPDX-License-Identifier: Apache-2.0
// Hexadecimal, CRC-32C and byte ranges.
#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "base/hex.h"

namespace spandrel::base {
namespace {

TEST(Hex, RoundTrips) {
  EXPECT_EQ(HexEncode(std::string("\x00\x0f\xff", 3)), "000fff");
  EXPECT_EQ(HexDecode("000FfF"), std::string("\x00\x0f\xff", 3));
  EXPECT_EQ(HexDecode(""), "");
  EXPECT_FALSE(HexDecode("0"));
  EXPECT_FALSE(HexDecode("0g"));
  EXPECT_FALSE(HexDecode("0x"));
  EXPECT_FALSE(HexDecode(" 0"));
}

// RFC 3720, appendix B.4.
TEST(Crc32c, KnownVectors) {
  std::string ascending;
  std::string descending;
  for (int i = 0; i < 32; ++i) {
    ascending += static_cast<char>(i);
    descending += static_cast<char>(31 - i);
  }
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(ascending), 0x46dd794eu);
  EXPECT_EQ(Crc32c(descending), 0x113fdb5cu);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32c, GoesOnFromASeed) {
  const std::string_view text = "the quick brown fox jumps over the lazy dog";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Crc32c(text.substr(cut), Crc32c(text.substr(0, cut))), Crc32c(text)) << cut;
  }
}

TEST(Crc32c, AFlippedBitIsKnownByTheDifference) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  const std::vector<uint32_t> changes = Crc32cBitChanges(text.size());
  ASSERT_EQ(changes.size(), text.size() * 8);
  for (size_t bit = 0; bit < changes.size(); ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(Crc32c(flipped) ^ Crc32c(text), changes[bit]) << bit;
    EXPECT_EQ(FindCrc32cBit(text.size(), changes[bit]), bit);
  }
  EXPECT_FALSE(FindCrc32cBit(text.size(), 0).has_value());
}

TEST(ByteRange, NamesAPartOfABuffer) {
  EXPECT_EQ((ByteRange{2, 3}).In("abcdef"), "cde");
  EXPECT_EQ(ByteRange().In(""), "");
}

}  // namespace
}  // namespace spandrel::base
