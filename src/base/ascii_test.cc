// SPDX-License-Identifier: Apache-2.0
#include "base/ascii.h"

#include <gtest/gtest.h>

namespace spandrel::base {
namespace {

TEST(AsciiTest, LowersLettersOnly) {
  EXPECT_EQ(LowerCase("X-Scope_OrgID[@`{"), "x-scope_orgid[@`{");
  EXPECT_EQ(LowerCase("\xc3\x89"), "\xc3\x89");
  EXPECT_EQ(LowerCase(""), "");
}

TEST(AsciiTest, TrimsBothEnds) {
  EXPECT_EQ(Trim(" \ta b\r\n"), "a b");
  EXPECT_EQ(Trim("a"), "a");
  EXPECT_EQ(Trim(" \r\n\t"), "");
  EXPECT_EQ(Trim(""), "");
}

}  // namespace
}  // namespace spandrel::base
