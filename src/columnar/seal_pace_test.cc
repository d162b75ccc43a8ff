// SPDX-License-Identifier: Apache-2.0
#include "columnar/seal_pace.h"

#include <gtest/gtest.h>

namespace spandrel::columnar {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SealPaceTest : public ::testing::Test {
 protected:
  // As late as that at `fullness` after `passed`, of a wait of 100 ms.
  double After(milliseconds passed, double fullness) {
    return pace_.Lateness(fullness, milliseconds(100), now_ += passed);
  }
  // How many spans of 10 at a time come within a second at that fullness.
  int TakenInASecond(double fullness) {
    int taken = 0;
    for (int i = 0; i < 1000; ++i) {
      if (After(milliseconds(1), fullness) > 1) continue;
      pace_.NoteAppended(10);
      taken += 10;
    }
    return taken;
  }

  SealPace pace_;
  SealPace::Clock::time_point now_ = SealPace::Clock::now();
};

TEST_F(SealPaceTest, SaysNothingWhileLittleIsUnsealedOrThePaceIsNotKnown) {
  pace_.NoteAppended(1'000'000);
  EXPECT_EQ(After(milliseconds(0), 0.9), 0);
  pace_.NoteSealed(1'000, seconds(1));
  pace_.NoteAppended(1'000'000);
  EXPECT_EQ(After(milliseconds(0), 0.4), 0);
}

TEST_F(SealPaceTest, AllIsLateWhenAllIsFull) {
  EXPECT_GT(After(milliseconds(0), 0.96), 1.5);
}

TEST_F(SealPaceTest, SpansComeAsTheyAreSealed) {
  pace_.NoteSealed(5'000, seconds(2));
  EXPECT_NEAR(TakenInASecond(0.75), 2'500, 300);
  EXPECT_GT(TakenInASecond(0.55), 3'000);
  EXPECT_LT(TakenInASecond(0.9), 2'000);
}

TEST_F(SealPaceTest, ThePaceFollowsTheLastHeads) {
  pace_.NoteSealed(1'000, seconds(1));
  for (int i = 0; i < 20; ++i) pace_.NoteSealed(3'000, seconds(1));
  EXPECT_NEAR(TakenInASecond(0.75), 3'000, 350);
}

}  // namespace
}  // namespace spandrel::columnar
