// SPDX-License-Identifier: Apache-2.0
#include "api/http/parameters.h"

#include <gtest/gtest.h>

#include "api/jaeger/http/legacy_parameters.h"

namespace spandrel::api {
namespace {

TEST(ParseTraceIdTest, LeadingZerosAreOptional) {
  EXPECT_EQ(ParseTraceId("ab")->ToHex(), "000000000000000000000000000000ab");
  EXPECT_EQ(ParseTraceId("ABC")->ToHex(), "00000000000000000000000000000abc");
  EXPECT_EQ(ParseTraceId("0123456789abcdef0123456789abcdef")->ToHex(),
            "0123456789abcdef0123456789abcdef");
  for (const char* text : {"", "0", "xyz", "0123456789abcdef0123456789abcdef0", " 1"}) {
    EXPECT_FALSE(ParseTraceId(text)) << text;
  }
}

TEST(ParseLegacyTraceIdTest, Base64) {
  for (const char* text : {"ASNFZ4mrze8BI0VniavN7w==", "ASNFZ4mrze8BI0VniavN7w"}) {
    const auto id = ParseLegacyTraceId(text);
    ASSERT_TRUE(id.ok()) << text;
    EXPECT_EQ(id->ToHex(), "0123456789abcdef0123456789abcdef");
  }
  EXPECT_EQ(ParseLegacyTraceId("_____w________________")->ToHex().substr(0, 8), "ffffffff");
  EXPECT_FALSE(ParseLegacyTraceId("AAAAAAAAAAAAAAAAAAAAAA==").ok());
  EXPECT_FALSE(ParseLegacyTraceId("ASNFZ4mr").ok());
}

TEST(ParametersTest, CountsAreBounded) {
  const Parameters parameters({{"limit", "7"}, {"zero", "0"}, {"big", "11"}, {"bad", "x"}});
  EXPECT_EQ(*parameters.Count("limit", 3, 10), 7U);
  EXPECT_EQ(*parameters.Count("absent", 3, 10), 3U);
  for (const char* name : {"zero", "big", "bad"}) {
    EXPECT_FALSE(parameters.Count(name, 3, 10).ok()) << name;
  }
}

}  // namespace
}  // namespace spandrel::api
