// SPDX-License-Identifier: Apache-2.0
#include "base/tenant_name.h"

#include <gtest/gtest.h>

#include <string>

namespace spandrel::base {
namespace {

TEST(TenantNameTest, TakesLettersDigitsAndThreeMarks) {
  for (const char* name : {"a", "Team-7", "eu.west_1", "...", "-"}) {
    EXPECT_TRUE(IsTenantName(name)) << name;
  }
  EXPECT_TRUE(IsTenantName(std::string(150, 'x')));
}

TEST(TenantNameTest, TakesNothingThatIsEmptyLongOrAPath) {
  using namespace std::string_view_literals;
  for (const std::string_view name : {""sv, "."sv, ".."sv, "a/b"sv, "../a"sv, "a b"sv, "a\0b"sv,
                                      "a\n"sv, "t\xc3\xa9"sv, "a|b"sv}) {
    EXPECT_FALSE(IsTenantName(name)) << name;
  }
  EXPECT_FALSE(IsTenantName(std::string(151, 'x')));
}

}  // namespace
}  // namespace spandrel::base
