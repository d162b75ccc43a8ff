// SPDX-License-Identifier: Apache-2.0
#include "traceql/duration.h"

#include <gtest/gtest.h>

namespace spandrel::traceql {
namespace {

TEST(ParseDuration, AddsPartsUp) {
  EXPECT_EQ(ParseDuration("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(ParseDuration("1.5s"), 1'500'000'000);
  EXPECT_EQ(ParseDuration("1d12h"), 129'600'000'000'000);
  EXPECT_EQ(ParseDuration("1y2w"), (365 + 14) * 86'400'000'000'000);
  EXPECT_EQ(ParseDuration("3us"), 3'000);
  EXPECT_EQ(ParseDuration("3\xC2\xB5s"), 3'000);
  EXPECT_EQ(ParseDuration("0.1ms"), 100'000);
  EXPECT_EQ(ParseDuration("7ns"), 7);
}

TEST(ParseDuration, RefusesTheRest) {
  for (const char* text :
       {"", "1", "s", "1.5d", "1q", ".s", "300y", "1h ", "99999999999999999999s"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace spandrel::traceql
