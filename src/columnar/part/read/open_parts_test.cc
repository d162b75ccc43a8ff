// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/open_parts.h"

#include <gtest/gtest.h>

#include <vector>

#include "columnar/part/read/part.h"
#include "columnar/testing/part.h"
#include "disk/testing/directory.h"

namespace spandrel::columnar {
namespace {

class OpenPartsTest : public ::testing::Test {
 protected:
  // Uses a new thing of that part; whether it is still open can be asked later.
  std::weak_ptr<const int> UseNew(size_t bytes, const void* part = nullptr) {
    const auto thing = std::make_shared<const int>(1);
    open_.Use(part, thing, bytes);
    return thing;
  }

  base::ByteBudget budget_{100};
  OpenParts open_{&budget_};
};

TEST_F(OpenPartsTest, WhatWasUsedLongestAgoGoesFirst) {
  const auto first = UseNew(40);
  const auto second = UseNew(40);
  open_.Use(nullptr, first.lock(), 40);
  const auto third = UseNew(40);
  EXPECT_FALSE(first.expired());
  EXPECT_TRUE(second.expired());
  EXPECT_FALSE(third.expired());
  EXPECT_EQ(open_.bytes(), 80U);
  EXPECT_EQ(budget_.used(), 80U);
}

TEST_F(OpenPartsTest, WhatDoesNotFitAloneIsNotKeptAndNothingGoesForIt) {
  const auto small = UseNew(40);
  EXPECT_TRUE(UseNew(101).expired());
  EXPECT_FALSE(small.expired());
}

TEST_F(OpenPartsTest, APartThatGoesTakesItsThingsAlong) {
  const int parts[2] = {};
  const auto of_first = UseNew(10, &parts[0]);
  const auto of_second = UseNew(10, &parts[1]);
  open_.Forget(&parts[0]);
  EXPECT_TRUE(of_first.expired());
  EXPECT_FALSE(of_second.expired());
  open_.Clear();
  EXPECT_TRUE(of_second.expired());
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(OpenPartsTest, OthersMayUseUpTheBudget) {
  base::ByteBudget::Reservation others;
  const auto first = UseNew(40);
  ASSERT_TRUE(budget_.TryReserve(60, &others));
  EXPECT_TRUE(UseNew(50).expired());
  EXPECT_TRUE(first.expired());
}

class PartsOpenTest : public ::testing::Test {
 protected:
  PartPtr Write(const std::string& name, const std::shared_ptr<OpenParts>& open) {
    const std::string path = directory_.path() + "/" + name;
    auto writer = *PartWriter::Create(path, Effort::kFast);
    EXPECT_TRUE(writer->AddGroup(SampleGroup(*writer)).ok());
    EXPECT_TRUE(writer->Finish(1, {}).ok());
    return *Part::Open(path, 1, nullptr, open);
  }

  disk::TestDirectory directory_;
};

TEST_F(PartsOpenTest, AllPartsShareOneTotal) {
  const auto probe = std::make_shared<OpenParts>();
  const PartPtr first = Write("one", probe);
  ASSERT_TRUE(first->Group(0).ok());
  const size_t of_one = probe->bytes();
  base::ByteBudget budget(of_one + of_one / 2);
  const auto open = std::make_shared<OpenParts>(&budget);
  std::vector<PartPtr> parts;
  for (int i = 0; i < 5; ++i) {
    parts.push_back(Write("part" + std::to_string(i), open));
    const auto group = parts.back()->Group(0);
    ASSERT_TRUE(group.ok());
    EXPECT_EQ((*group)->row_count(), 40U);
    EXPECT_LE(budget.used(), budget.limit());
  }
  parts.clear();
  EXPECT_EQ(budget.used(), 0U);
}

TEST_F(PartsOpenTest, ARowGroupOutlivesItsPart) {
  PartPtr part = Write("one", nullptr);
  const RowGroupPtr group = *part->Group(0);
  part.reset();
  EXPECT_TRUE(group->TraceIds().ok());
}

}  // namespace
}  // namespace spandrel::columnar
