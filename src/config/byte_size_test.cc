// SPDX-License-Identifier: Apache-2.0
#include "config/byte_size.h"

#include <gtest/gtest.h>

namespace spandrel::config {
namespace {

TEST(ByteSizeTest, ReadsNumbersWithAndWithoutUnits) {
  EXPECT_EQ(ParseByteSize("0").value(), 0u);
  EXPECT_EQ(ParseByteSize("4096").value(), 4096u);
  EXPECT_EQ(ParseByteSize("7B").value(), 7u);
  EXPECT_EQ(ParseByteSize("50GiB").value(), uint64_t{50} << 30);
  EXPECT_EQ(ParseByteSize("1.5 MiB").value(), 1'572'864u);
  EXPECT_EQ(ParseByteSize("500MB").value(), 500'000'000u);
}

TEST(ByteSizeTest, SaysWhatIsWrong) {
  const auto message = [](std::string_view text) { return ParseByteSize(text).status().message(); };
  EXPECT_EQ(message("5Gib"),
            "'5Gib' is not a size (write for example 50GiB or 500MB); did you mean 'GiB'?");
  EXPECT_EQ(message("many"), "'many' is not a size (write for example 50GiB or 500MB)");
  EXPECT_EQ(message("9999999999TiB"),
            "'9999999999TiB' is not a size (write for example 50GiB or 500MB); it is too large");
  for (const char* text : {"", "-1", "-1GiB", "GiB", "1e3", "0x10", "nan", "inf", "1GiB "}) {
    EXPECT_FALSE(ParseByteSize(text).ok()) << text;
  }
}

TEST(ByteSizeTest, FormatsForPeople) {
  EXPECT_EQ(FormatByteSize(812), "812 B");
  EXPECT_EQ(FormatByteSize(1536), "1.5 KiB");
  EXPECT_EQ(FormatByteSize(uint64_t{50} << 30), "50.0 GiB");
}

}  // namespace
}  // namespace spandrel::config
