// SPDX-License-Identifier: Apache-2.0
#include "base/go_escape.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace spandrel::base {
namespace {

TEST(GoEscapeTest, StandsForCharactersAndBytes) {
  for (const auto& [escape, meaning] :
       std::vector<std::pair<std::string, std::string>>{{"n", "\n"},
                                                        {"\\", "\\"},
                                                        {"\"", "\""},
                                                        {"x41", "A"},
                                                        {"xff", "\xff"},
                                                        {"101", "A"},
                                                        {"377", "\xff"},
                                                        {"u00e9", "\xc3\xa9"},
                                                        {"u20AC", "\xe2\x82\xac"},
                                                        {"U0001F600", "\xf0\x9f\x98\x80"}}) {
    const std::string text = escape + "rest";
    std::string_view rest = text;
    std::string read;
    EXPECT_TRUE(TakeGoEscape(&rest, '"', &read).ok()) << escape;
    EXPECT_EQ(read, meaning) << escape;
    EXPECT_EQ(rest, "rest") << escape;
  }
}

TEST(GoEscapeTest, OthersAreWrongWhereTheyAre) {
  for (const auto& [escape, left] :
       std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                        {"q", "q"},
                                                        {"'", "'"},
                                                        {"18", "18"},
                                                        {"400", "400"},
                                                        {"x4", "4"},
                                                        {"xg0", "g0"},
                                                        {"ud800", "d800"},
                                                        {"U00110000", "00110000"}}) {
    std::string_view rest = escape;
    std::string read;
    EXPECT_FALSE(TakeGoEscape(&rest, '"', &read).ok()) << escape;
    EXPECT_EQ(rest, left) << escape;
    EXPECT_EQ(read, "") << escape;
  }
}

}  // namespace
}  // namespace spandrel::base
