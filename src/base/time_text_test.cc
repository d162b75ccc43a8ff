// SPDX-License-Identifier: Apache-2.0
#include "base/time_text.h"

#include <gtest/gtest.h>

namespace spandrel::base {
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

TEST(Rfc3339TextTest, HasTheFewestDigitsThatAreExact) {
  EXPECT_EQ(Rfc3339Text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(Rfc3339Text(1'700'000'000'000'000'000), "2023-11-14T22:13:20Z");
  EXPECT_EQ(Rfc3339Text(1'700'000'000'120'000'000), "2023-11-14T22:13:20.120Z");
  EXPECT_EQ(Rfc3339Text(1'700'000'000'000'001'000), "2023-11-14T22:13:20.000001Z");
  for (const uint64_t time : {1'709'164'799'123'456'789UL, 1UL, 999'999'999UL}) {
    EXPECT_EQ(TimeOf(Rfc3339Text(time)), time);
  }
}

TEST(ParseRfc3339Test, Malformed) {
  for (const char* text : {"", "2023-11-14", "2023-11-14T22:13:20", "2023-13-14T22:13:20Z",
                           "2023-02-30T22:13:20Z", "2023-11-14T25:13:20Z", "2023-11-14T22:13:20.Z",
                           "2023-11-14T22:13:20Zx", "1700000000", "2023-11-14T22:13:20+2"}) {
    EXPECT_FALSE(ParseRfc3339(text).ok()) << text;
  }
}

TEST(ParseTimeTest, RelativeAndAbsolute) {
  EXPECT_EQ(*ParseTime("now", 5000), 5000U);
  EXPECT_EQ(*ParseTime("now-1us", 5000), 4000U);
  EXPECT_EQ(*ParseTime("now-1h", 5000), 0U);
  EXPECT_EQ(*ParseTime("1700000000000000001", 1), 1'700'000'000'000'000'001U);
  for (const char* text : {"", "yesterday", "now+1h", "now-", "now--1h", "-5", "1.5"}) {
    EXPECT_FALSE(ParseTime(text, 5000).ok()) << text;
  }
}

}  // namespace
}  // namespace spandrel::base
