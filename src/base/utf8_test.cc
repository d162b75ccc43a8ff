// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace spandrel::base {
namespace {

TEST(Utf8SequenceSize, TellsWellFormedFromOther) {
  EXPECT_EQ(Utf8SequenceSize("a"), 1u);
  EXPECT_EQ(Utf8SequenceSize("\u00e9x"), 2u);
  EXPECT_EQ(Utf8SequenceSize("\u20ac"), 3u);
  EXPECT_EQ(Utf8SequenceSize("\U0001f600"), 4u);
  EXPECT_EQ(Utf8SequenceSize("\xf4\x8f\xbf\xbf"), 4u);
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe2\x82", "\xe0\x9f\xbf",
                          "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5", "\xff"}) {
    EXPECT_EQ(Utf8SequenceSize(bad), 0u) << bad;
  }
}

TEST(Utf8Prefix, CutsBetweenCharacters) {
  const std::string_view text = "a\u20acb\U0001f600";
  EXPECT_EQ(Utf8Prefix(text, 100), text);
  EXPECT_EQ(Utf8Prefix(text, 0), "");
  EXPECT_EQ(Utf8Prefix(text, 1), "a");
  EXPECT_EQ(Utf8Prefix(text, 2), "a");
  EXPECT_EQ(Utf8Prefix(text, 3), "a");
  EXPECT_EQ(Utf8Prefix(text, 4), "a\u20ac");
  EXPECT_EQ(Utf8Prefix(text, 5), "a\u20acb");
  EXPECT_EQ(Utf8Prefix(text, 8), "a\u20acb");
  EXPECT_EQ(Utf8Prefix(text, 9), text);
  // Bytes that are not UTF-8 are cut anywhere.
  EXPECT_EQ(Utf8Prefix("\x80\x80\x80\x80\x80", 4), "\x80\x80\x80\x80");
  EXPECT_EQ(Utf8Prefix("ab\xff\xff", 3), "ab\xff");
}

TEST(CleanText, RepairsWhatIsNotUtf8) {
  std::string scratch;
  const std::string_view plain = "plain";
  EXPECT_EQ(CleanText(plain, 100, scratch).data(), plain.data());
  EXPECT_EQ(CleanText("plain", 2, scratch), "pl");
  EXPECT_EQ(CleanText("a\xff\u00e9\xe2\x82", 100, scratch), "a\ufffd\u00e9\ufffd\ufffd");
  EXPECT_EQ(CleanText("\u00e9\u20ac\u00e9", 2, scratch), "\u00e9\u20ac");
  EXPECT_TRUE(IsAscii("0123456789abcdef"));
  EXPECT_FALSE(IsAscii("0123456789abcde\xff"));
  EXPECT_FALSE(IsAscii("\xff"));
}

}  // namespace
}  // namespace spandrel::base
