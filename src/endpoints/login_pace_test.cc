// SPDX-License-Identifier: Apache-2.0
#include "endpoints/login_pace.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spandrel::endpoints {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class ManualClock final : public base::Clock {
 public:
  uint64_t NowUnixNano() const override { return 0; }
  std::chrono::steady_clock::time_point NowSteady() const override { return now; }

  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
};

TEST(LoginPaceTest, EachWrongPasswordDoublesThePause) {
  ManualClock clock;
  LoginPace pace(clock);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(pace.WaitOf("ann"), milliseconds(0)) << i;
    pace.NoteWrong("ann");
  }
  for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
    EXPECT_EQ(pace.WaitOf("ann"), seconds(expected));
    clock.now += seconds(expected) - milliseconds(1);
    EXPECT_EQ(pace.WaitOf("ann"), milliseconds(1));
    clock.now += milliseconds(1);
    EXPECT_EQ(pace.WaitOf("ann"), milliseconds(0));
    pace.NoteWrong("ann");
  }
}

TEST(LoginPaceTest, ARightOneBeginsAnew) {
  ManualClock clock;
  LoginPace pace(clock);
  for (int i = 0; i < 20; ++i) pace.NoteWrong("ann");
  EXPECT_EQ(pace.WaitOf("ann"), seconds(60));
  pace.NoteRight("ann");
  EXPECT_EQ(pace.WaitOf("ann"), milliseconds(0));
}

TEST(LoginPaceTest, WhatIsLongAgoIsForgotten) {
  ManualClock clock;
  LoginPace pace(clock);
  for (int i = 0; i < 20; ++i) pace.NoteWrong("ann");
  clock.now += minutes(16);
  pace.NoteWrong("ann");
  EXPECT_EQ(pace.WaitOf("ann"), milliseconds(0));
}

TEST(LoginPaceTest, OtherNamesNeitherWaitNorMakeItForget) {
  ManualClock clock;
  LoginPace pace(clock);
  for (int i = 0; i < 20; ++i) pace.NoteWrong("ann");
  int waiting = 0;
  for (int i = 0; i < 100; ++i) waiting += pace.WaitOf("user " + std::to_string(i)).count() > 0;
  EXPECT_LT(waiting, 3) << "places are shared by chance only";
  for (int i = 0; i < 100'000; ++i) pace.NoteWrong("user " + std::to_string(i));
  EXPECT_EQ(pace.WaitOf("ann"), seconds(60));
}

}  // namespace
}  // namespace spandrel::endpoints
