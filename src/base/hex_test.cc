// SPDX-License-Identifier: Apache-2.0
#include "base/hex.h"

#include <gtest/gtest.h>

namespace spandrel::base {
namespace {

TEST(Hex, RoundTrips) {
  EXPECT_EQ(HexEncode(std::string_view("\x00\x1f\xff", 3)), "001fff");
  EXPECT_EQ(HexDecode("001fFF"), std::string("\x00\x1f\xff", 3));
  EXPECT_EQ(HexDecode(""), "");
  for (const char* bad : {"0", "0g", "g0", "000", " 0"}) EXPECT_FALSE(HexDecode(bad)) << bad;
}

TEST(Hex, DigitsOfEitherCase) {
  EXPECT_EQ(HexDigitValue('0'), 0);
  EXPECT_EQ(HexDigitValue('f'), 15);
  EXPECT_EQ(HexDigitValue('A'), 10);
  for (const char c : {'/', ':', '@', 'G', '`', 'g', '\0', '\xff'}) EXPECT_EQ(HexDigitValue(c), -1);
}

}  // namespace
}  // namespace spandrel::base
