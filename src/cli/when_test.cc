// SPDX-License-Identifier: Apache-2.0
#include "cli/when.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace spandrel::cli {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kNow = 1'771'599'845 * kSecond;  // 2026-02-20T15:04:05Z
constexpr uint64_t kMidnight = 1'771'545'600 * kSecond;

class WhenTest : public ::testing::Test {
 protected:
  WhenTest() { UseZone("UTC"); }
  ~WhenTest() override { UseZone("UTC"); }

  static void UseZone(const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
  }
  static uint64_t Parse(std::string_view text) {
    const auto time = ParseWhen(text, kNow);
    EXPECT_TRUE(time.ok()) << text << ": " << time.status().message();
    return time.ok() ? *time : 0;
  }
  static bool IsRefused(std::string_view text) { return !ParseWhen(text, kNow).ok(); }
};

TEST_F(WhenTest, TimesAgo) {
  EXPECT_EQ(Parse("2h"), kNow - 7200 * kSecond);
  EXPECT_EQ(Parse("30m"), kNow - 1800 * kSecond);
  EXPECT_EQ(Parse("1d12h"), kNow - 36 * 3600 * kSecond);
  EXPECT_EQ(Parse("2w"), kNow - 14 * 86400 * kSecond);
  EXPECT_EQ(Parse("now"), kNow);
  EXPECT_EQ(Parse("now-1h"), kNow - 3600 * kSecond);
  EXPECT_EQ(*ParseWhen("100d", 5), 0U);
}

TEST_F(WhenTest, TimesOfACalendar) {
  EXPECT_EQ(Parse("today"), kMidnight);
  EXPECT_EQ(Parse("yesterday"), kMidnight - 86400 * kSecond);
  EXPECT_EQ(Parse("14:30"), kMidnight + (14 * 60 + 30) * 60 * kSecond);
  EXPECT_EQ(Parse("14:30:07"), kMidnight + ((14 * 60 + 30) * 60 + 7) * kSecond);
  EXPECT_EQ(Parse("2026-02-20"), kMidnight);
  EXPECT_EQ(Parse("2026-02-20 01:00"), kMidnight + 3600 * kSecond);
  EXPECT_EQ(Parse("2026-02-20T01:00:01"), kMidnight + 3601 * kSecond);
  EXPECT_EQ(Parse("2026-02-20T01:00:00.5+01:00"), kMidnight + kSecond / 2);
}

TEST_F(WhenTest, NumbersTellTheirUnitByTheirDigits) {
  EXPECT_EQ(Parse("1771599845"), kNow);
  EXPECT_EQ(Parse("1771599845000"), kNow);
  EXPECT_EQ(Parse("1771599845000000"), kNow);
  EXPECT_EQ(Parse("1771599845000000001"), kNow + 1);
}

TEST_F(WhenTest, WhatIsNoTimeIsRefused) {
  for (const char* text : {"", "soon", "2x", "-2h", "25:00", "2026-13-01", "now-", "now-x",
                           "99999999999999999999", "100000000w", "d", "2h "}) {
    EXPECT_TRUE(IsRefused(text)) << text;
  }
}

TEST_F(WhenTest, AreOfTheZoneOfTheMachine) {
  UseZone("EST5");
  EXPECT_EQ(Parse("today"), kMidnight + 5 * 3600 * kSecond);
  EXPECT_EQ(WhenText(kNow + 7'000'000), "2026-02-20 10:04:05.007");
  EXPECT_EQ(WhenText(kNow, /*with_date=*/false), "10:04:05.000");
}

TEST_F(WhenTest, Spans) {
  EXPECT_EQ(*ParseSpan("1m30s"), 90 * kSecond);
  EXPECT_EQ(*ParseSpan("1w1d"), 8 * 86400 * kSecond);
  for (const char* text : {"", "5", "5 m", "-1s", "99999w"})
    EXPECT_FALSE(ParseSpan(text).ok()) << text;
}

}  // namespace
}  // namespace spandrel::cli
