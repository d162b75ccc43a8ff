// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <gtest/gtest.h>

#include <utility>

namespace spandrel::base {
namespace {

// RFC 4648, section 10.
TEST(Base64, KnownVectors) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    const std::string unpadded = text.substr(0, text.find('='));
    EXPECT_EQ(Base64Encode(bytes), text);
    EXPECT_EQ(Base64Encode(bytes, Base64Padding::kNone), unpadded);
    EXPECT_EQ(Base64Decode(text), bytes);
    EXPECT_EQ(Base64Decode(unpadded), bytes);
  }
  EXPECT_EQ(Base64Decode("-_8="), "\xfb\xff");
  EXPECT_EQ(Base64Decode("+/8"), "\xfb\xff");
  for (const char* bad :
       {"A", "Y", "Y!", "=", "====", "A===", "Zg=", "Z=g=", "Zm9 ", "Zm9v\n", "\xff\xff"}) {
    EXPECT_FALSE(Base64Decode(bad)) << bad;
  }
}

}  // namespace
}  // namespace spandrel::base
