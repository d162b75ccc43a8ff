// SPDX-License-Identifier: Apache-2.0
#include "base/duration_text.h"

#include <gtest/gtest.h>

namespace spandrel::base {
namespace {

TEST(DurationTextTest, ThreeDigitsOfTheLargestUnit) {
  EXPECT_EQ(ShortDurationText(0), "0ns");
  EXPECT_EQ(ShortDurationText(999), "999ns");
  EXPECT_EQ(ShortDurationText(1'500), "1.5us");
  EXPECT_EQ(ShortDurationText(12'345'678), "12.3ms");
  EXPECT_EQ(ShortDurationText(1'000'000'000), "1s");
  EXPECT_EQ(ShortDurationText(61'200'000'000), "61.2s");
}

TEST(DurationTextTest, IsNeverWrittenWithAnExponent) {
  EXPECT_EQ(ShortDurationText(999'999), "1ms");
  EXPECT_EQ(ShortDurationText(999'999'999), "1s");
  EXPECT_EQ(ShortDurationText(3'600'000'000'000), "3600s");
}

}  // namespace
}  // namespace spandrel::base
