// SPDX-License-Identifier: Apache-2.0
#include "storage/query_context.h"

#include <gtest/gtest.h>

#include <vector>

namespace spandrel::storage {
namespace {

using base::StatusCode;

TEST(QueryContextTest, BoundsNothingByDefault) {
  const QueryContext context;
  EXPECT_TRUE(context.tenants().empty());
  EXPECT_TRUE(context.Check().ok());
  EXPECT_TRUE(context.Reserve(size_t{1} << 40).ok());
}

TEST(QueryContextTest, StopsWhenCancelled) {
  const QueryContext context;
  context.Cancel();
  EXPECT_TRUE(context.cancelled());
  EXPECT_EQ(context.Check().code(), StatusCode::kCancelled);

  bool gone = false;
  const QueryContext watched({.is_cancelled = [&gone] { return gone; }});
  EXPECT_TRUE(watched.Check().ok());
  gone = true;
  EXPECT_EQ(watched.Check().code(), StatusCode::kCancelled);
}

TEST(QueryContextTest, StopsAtItsDeadline) {
  const auto now = std::chrono::steady_clock::now();
  EXPECT_EQ(QueryContext({.deadline = now}).Check().code(), StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(QueryContext({.deadline = now + std::chrono::hours(1)}).Check().ok());
}

TEST(QueryContextTest, ReservesFromTheBudgetAndGivesAllBack) {
  base::ByteBudget budget(100);
  {
    const QueryContext context({.memory = &budget});
    EXPECT_TRUE(context.Reserve(70).ok());
    EXPECT_EQ(context.Reserve(31).code(), StatusCode::kResourceExhausted);
    {
      QueryMemory memory(context);
      EXPECT_TRUE(memory.Grow(20).ok());
      EXPECT_TRUE(memory.Grow(10).ok());
      EXPECT_EQ(budget.used(), 100U);
    }
    EXPECT_EQ(context.reserved_bytes(), 70U);
  }
  EXPECT_EQ(budget.used(), 0U);
}

TEST(QueryContextTest, MemoryGrowsInStepsAndMayOutliveTheContext) {
  base::ByteBudget budget(100);
  base::ByteBudget::Reservation answer;
  {
    const QueryContext context({.memory = &budget});
    QueryMemory memory(context);
    EXPECT_TRUE(memory.GrowTo(40).ok());
    EXPECT_EQ(memory.bytes(), 50U);
    EXPECT_TRUE(memory.GrowTo(50).ok());
    EXPECT_EQ(budget.used(), 50U);
    memory.Shrink(20);
    EXPECT_EQ(budget.used(), 30U);
    answer = *context.ReserveApart(60);
    EXPECT_EQ(context.ReserveApart(20).status().code(), StatusCode::kResourceExhausted);
    EXPECT_EQ(context.reserved_bytes(), 30U);
  }
  EXPECT_EQ(budget.used(), 60U);
  EXPECT_TRUE(QueryContext().ReserveApart(size_t{1} << 40).ok());
}

TEST(QueryContextTest, AnswersHaveABudgetOfTheirOwn) {
  base::ByteBudget memory(100);
  base::ByteBudget answers(10);
  const QueryContext context({.memory = &memory, .answers = &answers});
  const auto held = context.ReserveAnswer(8);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(context.ReserveAnswer(3).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(answers.used(), 8U);
  EXPECT_EQ(memory.used(), 0U);
  EXPECT_TRUE(QueryContext().ReserveAnswer(size_t{1} << 40).ok());
}

TEST(QueryContextTest, CountsAndTellsWhatWasInspected) {
  std::vector<uint64_t> told;
  const QueryContext context(
      {.progress = [&told](const Inspected& inspected) { told.push_back(inspected.spans); }});
  context.Inspect(3, 100);
  context.Inspect(4, 50);
  EXPECT_EQ(told, (std::vector<uint64_t>{3, 7}));
  EXPECT_EQ(context.inspected().bytes, 150U);
}

}  // namespace
}  // namespace spandrel::storage
