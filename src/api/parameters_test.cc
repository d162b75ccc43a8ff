// SPDX-License-Identifier: Apache-2.0
#include "api/parameters.h"

#include <gtest/gtest.h>

#include "api/jaeger/legacy_parameters.h"

namespace spandrel::api {
namespace {

uint64_t TimeOf(std::string_view text) {
  const auto time = ParseRfc3339(text);
  EXPECT_TRUE(time.ok()) << text;
  return time.ok() ? *time : 0;
}

TEST(ParseRfc3339Test, TimesAndOffsets) {
  EXPECT_EQ(TimeOf("2023-11-14T22:13:20Z"), 1'700'000'000'000'000'000U);
  EXPECT_EQ(TimeOf("2023-11-14T22:13:20.123456789Z"), 1'700'000'000'123'456'789U);
  EXPECT_EQ(TimeOf("2023-11-14T22:13:20.5Z"), 1'700'000'000'500'000'000U);
  EXPECT_EQ(TimeOf("2023-11-15T00:13:20+02:00"), 1'700'000'000'000'000'000U);
  EXPECT_EQ(TimeOf("2023-11-15T00:13:20 02:00"), 1'700'000'000'000'000'000U);
  EXPECT_EQ(TimeOf("2023-11-14T20:13:20-02:00"), 1'700'000'000'000'000'000U);
  EXPECT_EQ(TimeOf("1969-01-01T00:00:00Z"), 0U);
  EXPECT_EQ(TimeOf("9999-12-31T23:59:59Z"), UINT64_MAX);
}

TEST(ParseRfc3339Test, Malformed) {
  for (const char* text : {"", "2023-11-14", "2023-11-14T22:13:20", "2023-13-14T22:13:20Z",
                           "2023-02-30T22:13:20Z", "2023-11-14T25:13:20Z", "2023-11-14T22:13:20.Z",
                           "2023-11-14T22:13:20Zx", "1700000000", "2023-11-14T22:13:20+2"}) {
    EXPECT_FALSE(ParseRfc3339(text).ok()) << text;
  }
}

TEST(ParsePageTimeTest, RelativeAndAbsolute) {
  EXPECT_EQ(*ParsePageTime("now", 5000), 5000U);
  EXPECT_EQ(*ParsePageTime("now-1us", 5000), 4000U);
  EXPECT_EQ(*ParsePageTime("now-1h", 5000), 0U);
  EXPECT_EQ(*ParsePageTime("1700000000000000001", 1), 1'700'000'000'000'000'001U);
  for (const char* text : {"", "yesterday", "now+1h", "now-", "now--1h", "-5", "1.5"}) {
    EXPECT_FALSE(ParsePageTime(text, 5000).ok()) << text;
  }
}

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
