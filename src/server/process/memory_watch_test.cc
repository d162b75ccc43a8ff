// SPDX-License-Identifier: Apache-2.0
#include "server/process/memory_watch.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace spandrel::server {
namespace {

class MemoryWatchTest : public ::testing::Test {
 protected:
  // A look at that many bytes of 1,000; each release gives `given_back_` of them back.
  void Look(double resident) {
    resident_ = resident;
    watch_.Look([this] { return resident_; });
  }

  base::MetricRegistry metrics_;
  base::ByteBudget requests_{640};
  double resident_ = 0;
  double given_back_ = 0;
  int releases_ = 0;
  bool is_short_ = false;
  MemoryWatch watch_{{.ceiling = 1000,
                      .requests = requests_,
                      .least_requests = 320,
                      .release =
                          [this] {
                            ++releases_;
                            resident_ -= given_back_;
                          },
                      .set_short = [this](bool is_short) { is_short_ = is_short; }},
                     metrics_};
};

TEST_F(MemoryWatchTest, NearTheCeilingItGivesBackAndNotAgainBeforeMuchHasCome) {
  given_back_ = 100;
  Look(790);
  EXPECT_EQ(releases_, 0);
  Look(900);
  EXPECT_EQ(releases_, 1);
  Look(810);
  EXPECT_EQ(releases_, 1) << "little has come on top of 800";
  Look(890);
  EXPECT_EQ(releases_, 2);
  EXPECT_EQ(requests_.limit(), 640U);
}

TEST_F(MemoryWatchTest, WhatDoesNotHelpIsDoneLessAndLessOften) {
  double resident = 805;
  for (int i = 0; i < 100; ++i) Look(std::min(resident += 25, 930.0));
  EXPECT_LT(releases_, 8);
  EXPECT_GT(releases_, 1);
}

TEST_F(MemoryWatchTest, ClosesAndOpensWithLessAndWidens) {
  Look(950);
  EXPECT_TRUE(is_short_);
  EXPECT_EQ(requests_.limit(), 0U);
  Look(900);
  EXPECT_TRUE(is_short_) << "not before there is room";
  Look(870);
  EXPECT_FALSE(is_short_);
  EXPECT_EQ(requests_.limit(), 480U);
  Look(870);
  EXPECT_EQ(requests_.limit(), 485U);
  Look(900);
  EXPECT_EQ(requests_.limit(), 485U);
  Look(950);
  EXPECT_EQ(requests_.limit(), 0U);
  for (int i = 0; i < 100; ++i) Look(500);
  EXPECT_EQ(requests_.limit(), 640U);
}

TEST_F(MemoryWatchTest, HowOftenItClosesWhatHeadsNeedIsLeft) {
  for (int i = 0; i < 20; ++i) {
    Look(950);
    Look(870);
  }
  EXPECT_EQ(requests_.limit(), 340U);
}

}  // namespace
}  // namespace spandrel::server
