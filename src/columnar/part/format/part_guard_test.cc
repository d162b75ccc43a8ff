// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/part_guard.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "columnar/part/format/stripe_mender.h"

namespace spandrel::columnar {
namespace {

class PartGuardTest : public testing::Test {
 protected:
  // Bytes with a guard and something else behind them.
  void Make(size_t size) {
    original_.resize(size);
    for (char& byte : original_) byte = static_cast<char>(random_());
    PartGuardBuilder builder;
    const size_t half = size / 3;
    builder.Add(std::string_view(original_).substr(0, half));
    builder.Add(std::string_view(original_).substr(half));
    file_ = original_ + builder.Finish();
    end_ = file_.size();
    file_ += "what is behind";
  }
  PartGuard Guard() { return *PartGuard::EndingAt(file_, end_); }
  void Flip(size_t at, int bit) { file_[at] = static_cast<char>(file_[at] ^ (1 << bit)); }
  std::string Original(size_t page) {
    return original_.substr(page * kGuardPageBytes, kGuardPageBytes);
  }

  std::mt19937 random_{1};
  std::string original_;
  std::string file_;
  size_t end_ = 0;
};

TEST_F(PartGuardTest, IsFoundFromItsEnd) {
  for (const size_t size : {1UL, 4095UL, 4096UL, 4097UL, 1048576UL, 1048577UL, 3000001UL}) {
    Make(size);
    ASSERT_TRUE(PartGuard::EndingAt(file_, end_).has_value()) << size;
    EXPECT_EQ(Guard().covered_bytes(), size);
    EXPECT_EQ(PartGuard::Covering(file_, size)->page_count(), Guard().page_count());
    for (size_t page = 0; page < Guard().page_count(); ++page) {
      EXPECT_TRUE(Guard().IsIntact(page));
    }
  }
  EXPECT_FALSE(PartGuard::EndingAt(file_, 5).has_value());
  EXPECT_FALSE(PartGuard::EndingAt(file_, file_.size() + 1).has_value());
  EXPECT_FALSE(PartGuard::Covering(file_, file_.size()).has_value());
}

TEST_F(PartGuardTest, MendsAnyPageOfAStripeThatIsWrongAlone) {
  Make(3'000'001);
  for (const size_t page : {0UL, 255UL, 256UL, 732UL}) {
    const std::string good = file_;
    for (size_t i = 0; i < 100; ++i) file_[page * kGuardPageBytes + i * 7] = 'x';
    EXPECT_FALSE(Guard().IsIntact(page));
    EXPECT_EQ(MendPage(Guard(), page), Original(page)) << page;
    file_ = good;
  }
}

TEST_F(PartGuardTest, MendsAnyBitThatIsWrongAlone) {
  Make(40'000);
  for (size_t page = 0; page < Guard().page_count(); ++page) {
    const size_t size = Guard().Page(page).size();
    Flip(page * kGuardPageBytes + random_() % size, static_cast<int>(random_() % 8));
  }
  for (size_t page = 0; page < Guard().page_count(); ++page) {
    EXPECT_EQ(MendPage(Guard(), page), Original(page)) << page;
  }
}

TEST_F(PartGuardTest, MendsPagesOfWhichAFewBitsAreWrong) {
  Make(1'040'000);
  for (size_t page = 0; page < Guard().page_count(); page += 4) {
    for (size_t flips = 0; flips <= page / 4 % 4; ++flips) {
      Flip(page * kGuardPageBytes + random_() % Guard().Page(page).size(),
           static_cast<int>(random_() % 8));
    }
  }
  for (size_t page = 0; page < Guard().page_count(); page += 4) {
    EXPECT_EQ(MendPage(Guard(), page), Original(page)) << page;
  }
}

TEST_F(PartGuardTest, APageWhoseChecksumIsWrongIsNoHindrance) {
  Make(40'000);
  Flip(original_.size() + 3, 5);
  EXPECT_TRUE(Guard().HasWrongCheck(0));
  EXPECT_EQ(MendPage(Guard(), 0), Original(0));
  for (size_t i = 0; i < 100; ++i) file_[5 * kGuardPageBytes + i * 7] = 'x';
  EXPECT_EQ(MendPage(Guard(), 5), Original(5));
}

TEST_F(PartGuardTest, IsFoundWithoutWhatIsBehind) {
  for (const size_t size : {5000UL, 1048577UL}) {
    Make(size);
    file_.resize(end_);
    file_ += std::string(236, 'f');
    for (size_t i = 1; i < 100; ++i) Flip(end_ - i, 1);
    ASSERT_TRUE(PartGuard::Find(file_).has_value()) << size;
    EXPECT_EQ(PartGuard::Find(file_)->covered_bytes(), size);
  }
  EXPECT_FALSE(PartGuard::Find(std::string(100'000, 'x')).has_value());
}

TEST_F(PartGuardTest, SaysNothingRatherThanWhatIsWrong) {
  Make(40'000);
  for (const size_t page : {1UL, 2UL}) {
    for (size_t i = 0; i < 40; ++i) Flip(page * kGuardPageBytes + i, static_cast<int>(i % 8));
  }
  EXPECT_FALSE(MendPage(Guard(), 1).has_value());
  EXPECT_FALSE(MendPage(Guard(), 2).has_value());
  EXPECT_EQ(MendPage(Guard(), 3), Original(3));
}

TEST_F(PartGuardTest, ADamagedGuardMendsWhatItStillCan) {
  Make(40'000);
  EXPECT_EQ(Guard().SumOf(0), Guard().SumOfPages(0));
  file_[end_ - 1] = static_cast<char>(file_[end_ - 1] ^ 1);
  EXPECT_NE(Guard().SumOf(0), Guard().SumOfPages(0));
  file_[original_.size()] = static_cast<char>(file_[original_.size()] ^ 1);  // check of page 0
  EXPECT_FALSE(Guard().IsIntact(0));
  Flip(5 * kGuardPageBytes, 3);
  EXPECT_EQ(MendPage(Guard(), 5), Original(5));
}

}  // namespace
}  // namespace spandrel::columnar
