// SPDX-License-Identifier: Apache-2.0
#include "base/intake_gate.h"

#include <gtest/gtest.h>

#include <string>

namespace spandrel::base {
namespace {

using std::chrono::milliseconds;
using Work = IntakeGate::Work;

constexpr std::string_view kSender = "10.0.0.1:4711";

class IntakeGateTest : public ::testing::Test {
 protected:
  bool Takes(std::string_view sender = kSender, Work work = Work::kStored) {
    return gate_.Admit(work, sender, now_).ok();
  }
  uint64_t Refused(const char* reason) {
    return metrics_.AddCounter("spandrel_intake_refused_requests_total", {{"reason", reason}})
        .value();
  }

  // The mean delay that is told after `windows` in which so many were taken and refused each.
  milliseconds DelayAfter(int windows, int taken, int refused) {
    milliseconds told{0};
    for (int i = 0; i < windows; ++i) {
      now_ += milliseconds(500);
      lateness_ = 0;
      for (int k = 0; k < taken; ++k) EXPECT_TRUE(Takes());
      lateness_ = 2;
      told = milliseconds(0);
      for (int k = 0; k < refused; ++k) {
        told += *gate_.Admit(Work::kStored, kSender, now_).retry_after();
      }
    }
    return told / refused;
  }

  MetricRegistry metrics_;
  IntakeGate gate_{metrics_};
  double lateness_ = 2;
  std::shared_ptr<void> source_ = gate_.Add([this] { return lateness_; });
  IntakeGate::TimePoint now_ = std::chrono::steady_clock::now();
};

TEST_F(IntakeGateTest, RefusesWhatWouldBeStoredLate) {
  const Status refused = gate_.Admit(Work::kStored, kSender);
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(refused.retry_after());
  EXPECT_TRUE(Takes(kSender, Work::kOther));
  EXPECT_EQ(Refused("late"), 1U);
  lateness_ = 1;
  EXPECT_TRUE(Takes());
}

TEST_F(IntakeGateTest, WhatIsThereIsRefusedOnlyWhenItIsMuchTooLate) {
  lateness_ = 1.2;
  EXPECT_FALSE(Takes());
  EXPECT_TRUE(gate_.Confirm(Work::kStored).ok());
  lateness_ = 1.6;
  EXPECT_TRUE(gate_.Confirm(Work::kStored).retry_after());
  EXPECT_TRUE(gate_.Confirm(Work::kOther).ok());
  EXPECT_EQ(Refused("late"), 2U);
}

TEST_F(IntakeGateTest, ASourceThatIsGoneIsNotAsked) {
  source_.reset();
  EXPECT_TRUE(Takes());
}

TEST_F(IntakeGateTest, WithoutMemoryNothingIsTaken) {
  lateness_ = 0;
  gate_.SetShortOfMemory(true);
  EXPECT_FALSE(Takes());
  EXPECT_FALSE(Takes(kSender, Work::kOther));
  EXPECT_FALSE(gate_.Confirm(Work::kOther).ok());
  EXPECT_EQ(Refused("memory"), 3U);
  gate_.SetShortOfMemory(false);
  EXPECT_TRUE(Takes(kSender, Work::kOther));
}

TEST_F(IntakeGateTest, WhoHasHadLittleIsTakenLonger) {
  lateness_ = 0;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Takes("10.0.0.1:" + std::to_string(i)));
  EXPECT_TRUE(Takes("10.0.0.2:1"));
  now_ += milliseconds(500);
  lateness_ = 1.2;
  EXPECT_FALSE(Takes("10.0.0.1:200")) << "another port is the same sender";
  EXPECT_TRUE(Takes("10.0.0.2:1"));
  EXPECT_TRUE(Takes("[::1]:7"));
  lateness_ = 1.6;
  EXPECT_FALSE(Takes("10.0.0.2:1"));
}

TEST_F(IntakeGateTest, TheMoreAreRefusedTheLaterTheyComeBack) {
  const milliseconds few = DelayAfter(8, 100, 50);
  EXPECT_LE(few, milliseconds(200));
  const milliseconds many = DelayAfter(8, 10, 200);
  EXPECT_GT(many, 4 * few);
  EXPECT_LT(DelayAfter(20, 100, 10), many / 4);
}

TEST_F(IntakeGateTest, DelaysHaveBoundsAndDiffer) {
  EXPECT_LE(DelayAfter(100, 0, 100), milliseconds(15'000));
  EXPECT_NE(gate_.Admit(Work::kStored, kSender, now_).retry_after(),
            gate_.Admit(Work::kStored, kSender, now_).retry_after());
  now_ += milliseconds(5'000);
  EXPECT_LE(*gate_.Admit(Work::kStored, kSender, now_).retry_after(), milliseconds(150));
}

}  // namespace
}  // namespace spandrel::base
