// SPDX-License-Identifier: Apache-2.0
#include "wire/w3c/header_hex.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace spandrel::wire {
namespace {

TEST(HeaderHex, RoundTrips) {
  std::mt19937 random(1);
  for (const size_t size : {1, 3, 4, 8, 16}) {
    for (int round = 0; round < 100; ++round) {
      std::vector<uint8_t> bytes(size);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
      std::string digits(2 * size, ' ');
      EXPECT_EQ(WriteLowerHex(bytes, digits.data()), digits.data() + digits.size());
      std::vector<uint8_t> read(size);
      EXPECT_TRUE(ReadLowerHex(digits, read.data()));
      EXPECT_EQ(read, bytes);
    }
  }
}

TEST(HeaderHex, RefusesEveryOtherByteAtEveryPlace) {
  for (const size_t size : {2, 8, 10}) {
    for (size_t place = 0; place < size; ++place) {
      for (int c = 0; c < 256; ++c) {
        std::string digits(size, 'f');
        digits[place] = static_cast<char>(c);
        const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        uint8_t bytes[5];
        EXPECT_EQ(ReadLowerHex(digits, bytes), is_digit) << c << " at " << place;
      }
    }
  }
}

TEST(HeaderHex, KnowsDigitsOfBothCases) {
  EXPECT_EQ(HexValue('0'), 0);
  EXPECT_EQ(HexValue('a'), 10);
  EXPECT_EQ(HexValue('F'), 15);
  EXPECT_GT(HexValue('g'), 15);
  EXPECT_GT(HexValue('\xff'), 15);
}

}  // namespace
}  // namespace spandrel::wire
