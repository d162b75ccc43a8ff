// SPDX-License-Identifier: Apache-2.0
#include "base/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace spandrel::base {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HealthBoardTest, SaysWhatItsComponentsSayNow) {
  HealthBoard board;
  EXPECT_EQ(board.Worst(), HealthLevel::kOk);
  Health store;
  const auto first = board.Add("store", [&store] { return store; });
  const auto second = board.Add("exporter", [] {
    return Health{HealthLevel::kDegraded, "retries"};
  });
  EXPECT_THAT(board.Collect(),
              ElementsAre(ComponentHealth{"exporter", {HealthLevel::kDegraded, "retries"}},
                          ComponentHealth{"store", {}}));
  EXPECT_EQ(board.Worst(), HealthLevel::kDegraded);
  store = {HealthLevel::kFailed, "gone"};
  EXPECT_EQ(board.Worst(), HealthLevel::kFailed);
}

TEST(HealthBoardTest, ForgetsAComponentWithItsHandle) {
  auto board = std::make_unique<HealthBoard>();
  auto handle = board->Add("store", [] { return Health{HealthLevel::kFailed, "gone"}; });
  const auto other = board->Add("store", [] { return Health(); });
  handle.reset();
  EXPECT_THAT(board->Collect(), ElementsAre(ComponentHealth{"store", {}}));
  board.reset();
}

TEST(HealthBoardTest, OnlyWhatRefusesTakesNoSpans) {
  EXPECT_TRUE(Health{}.takes_spans());
  EXPECT_TRUE((Health{HealthLevel::kDegraded, ""}).takes_spans());
  EXPECT_FALSE((Health{HealthLevel::kRefusing, ""}).takes_spans());
  EXPECT_EQ(HealthLevelName(HealthLevel::kFailed), "failed");
  EXPECT_THAT(HealthBoard().Collect(), IsEmpty());
}

}  // namespace
}  // namespace spandrel::base
