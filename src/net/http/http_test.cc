// SPDX-License-Identifier: Apache-2.0
#include "net/http/http.h"

#include <gtest/gtest.h>

namespace spandrel::net {
namespace {

TEST(PercentTest, DecodesAndKeepsMalformedEscapes) {
  EXPECT_EQ(PercentDecode("a%20b%2Fc+d"), "a b/c+d");
  EXPECT_EQ(PercentDecode("a+b", true), "a b");
  EXPECT_EQ(PercentDecode("%"), "%");
  EXPECT_EQ(PercentDecode("%4"), "%4");
  EXPECT_EQ(PercentDecode("%zz%41"), "%zzA");
  EXPECT_EQ(PercentDecode(PercentEncode("\xc3\xa4 /?&=%")), "\xc3\xa4 /?&=%");
}

TEST(QueryTest, PairsInOrder) {
  const Headers pairs = ParseQuery("service=a%26b&tag=x%3D1&&tag=y+z&empty&=v");
  const Headers expected = {
      {"service", "a&b"}, {"tag", "x=1"}, {"tag", "y z"}, {"empty", ""}, {"", "v"}};
  EXPECT_EQ(pairs, expected);
}

}  // namespace
}  // namespace spandrel::net
