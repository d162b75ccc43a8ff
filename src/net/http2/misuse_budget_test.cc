// SPDX-License-Identifier: Apache-2.0
#include "net/http2/misuse_budget.h"

#include <gtest/gtest.h>

namespace spandrel::net {
namespace {

TEST(MisuseBudgetTest, RefillsWithTimeAndAnswers) {
  const auto start = std::chrono::steady_clock::now();
  MisuseBudget budget(10);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(budget.Spend(start));
  EXPECT_FALSE(budget.Spend(start));
  EXPECT_TRUE(budget.Spend(start + std::chrono::seconds(1)));
  for (int i = 0; i < 100; ++i) {
    budget.Earn();
    EXPECT_TRUE(budget.Spend(start + std::chrono::seconds(1)));
  }
}

}  // namespace
}  // namespace spandrel::net
