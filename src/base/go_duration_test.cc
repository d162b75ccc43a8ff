// SPDX-License-Identifier: Apache-2.0
#include "base/go_duration.h"

#include <gtest/gtest.h>

#include <limits>

namespace spandrel::base {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

TEST(GoDuration, Parses) {
  EXPECT_EQ(*ParseGoDuration("0"), 0ns);
  EXPECT_EQ(*ParseGoDuration("1h2m3.5s"), 3723500ms);
  EXPECT_EQ(*ParseGoDuration("200ms"), 200ms);
  EXPECT_EQ(*ParseGoDuration("1.5us"), 1500ns);
  EXPECT_EQ(*ParseGoDuration("1.5\u00b5s"), 1500ns);
  EXPECT_EQ(*ParseGoDuration(".5s"), 500ms);
  EXPECT_EQ(*ParseGoDuration("-10m"), -10min);
  EXPECT_EQ(*ParseGoDuration("+5s"), 5s);
  EXPECT_EQ(*ParseGoDuration("7ns"), 7ns);
}

TEST(GoDuration, RefusesWhatGoRefuses) {
  for (const char* bad :
       {"", "-", "5", "s", "5 s", "5x", "1.5.5s", "1e3s", "5s5", "99999999999h"}) {
    EXPECT_FALSE(ParseGoDuration(bad).ok()) << bad;
  }
  EXPECT_EQ(ParseGoDuration("5").status().message(),
            "'5' is not a duration (write for example 200ms, 5s or 1h30m)");
}

TEST(GoDuration, FormatsTheShortestForm) {
  EXPECT_EQ(FormatGoDuration(0ns), "0s");
  EXPECT_EQ(FormatGoDuration(999ns), "999ns");
  EXPECT_EQ(FormatGoDuration(1500ns), "1.5us");
  EXPECT_EQ(FormatGoDuration(200ms), "200ms");
  EXPECT_EQ(FormatGoDuration(999'999'999ns), "999.999999ms");
  EXPECT_EQ(FormatGoDuration(90s), "1m30s");
  EXPECT_EQ(FormatGoDuration(1h + 1500ms), "1h1.5s");
  EXPECT_EQ(FormatGoDuration(-5s), "-5s");
}

TEST(GoDuration, FormattingLosesNothing) {
  for (const nanoseconds duration : {nanoseconds(1), nanoseconds(123'456'789), 1234567891234ns,
                                     nanoseconds(59'999'999'999), -1h - 1ns}) {
    EXPECT_EQ(*ParseGoDuration(FormatGoDuration(duration)), duration);
  }
  EXPECT_EQ(FormatGoDuration(nanoseconds::min()), "-2562047h47m16.854775808s");
}

}  // namespace
}  // namespace spandrel::base
