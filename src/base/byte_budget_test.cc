// SPDX-License-Identifier: Apache-2.0
#include "base/byte_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace spandrel::base {
namespace {

TEST(ByteBudget, RefusesWhatDoesNotFit) {
  ByteBudget budget(100);
  ByteBudget::Reservation first;
  ByteBudget::Reservation second;
  EXPECT_TRUE(budget.TryReserve(60, &first));
  EXPECT_FALSE(budget.TryReserve(41, &second));
  EXPECT_EQ(second.bytes(), 0u);
  EXPECT_TRUE(budget.TryReserve(40, &second));
  EXPECT_EQ(budget.used(), 100u);
  EXPECT_FALSE(first.TryGrow(1));
  EXPECT_EQ(first.bytes(), 60u);
  EXPECT_FALSE(budget.TryReserve(SIZE_MAX, &first));
}

TEST(ByteBudget, WhatIsThereAlreadyCountsWhetherItFitsOrNot) {
  ByteBudget budget(100);
  ByteBudget::Reservation reservation;
  budget.Take(150);
  EXPECT_EQ(budget.used(), 150u);
  EXPECT_FALSE(budget.TryReserve(1, &reservation));
  EXPECT_TRUE(budget.TryReserve(0, &reservation));
  budget.GiveBack(60);
  EXPECT_TRUE(reservation.TryGrow(10));
  EXPECT_FALSE(reservation.TryGrow(1));
}

TEST(ByteBudget, ALimitThatIsLoweredLeavesWhatIsReserved) {
  ByteBudget budget(100);
  ByteBudget::Reservation reservation;
  ASSERT_TRUE(budget.TryReserve(40, &reservation));
  EXPECT_EQ(budget.available(), 60u);
  budget.SetLimit(20);
  EXPECT_EQ(budget.available(), 0u);
  EXPECT_FALSE(reservation.TryGrow(1));
  reservation.Shrink(30);
  EXPECT_EQ(budget.used(), 10u);
  EXPECT_TRUE(reservation.TryGrow(10));
  EXPECT_FALSE(reservation.TryGrow(1));
}

TEST(ByteBudget, AReservationOfNoBudgetGrowsUncounted) {
  ByteBudget::Reservation none;
  EXPECT_TRUE(none.TryGrow(1000));
  none.Shrink(400);
  EXPECT_EQ(none.bytes(), 600u);
}

TEST(ByteBudget, GivesBackOnceAndAll) {
  ByteBudget budget(100);
  {
    ByteBudget::Reservation first;
    ASSERT_TRUE(budget.TryReserve(10, &first));
    ASSERT_TRUE(first.TryGrow(20));
    EXPECT_EQ(budget.used(), 30u);
    first.Shrink(25);
    EXPECT_EQ(budget.used(), 5u);
    ByteBudget::Reservation moved = std::move(first);
    EXPECT_EQ(moved.bytes(), 5u);
    EXPECT_EQ(budget.used(), 5u);
    ByteBudget::Reservation other;
    ASSERT_TRUE(budget.TryReserve(50, &other));
    other = std::move(moved);
    EXPECT_EQ(budget.used(), 5u);
    other.Release();
    other.Release();
    EXPECT_EQ(budget.used(), 0u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ByteBudget, NeverGoesOverItsLimit) {
  ByteBudget budget(10);
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        ByteBudget::Reservation reservation;
        if (budget.TryReserve(4, &reservation) && budget.used() > budget.limit()) over = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(over);
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace spandrel::base
