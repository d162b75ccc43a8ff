// SPDX-License-Identifier: Apache-2.0
#include "net/http/base64.h"

#include <gtest/gtest.h>

namespace spandrel::net {
namespace {

TEST(Base64Test, RoundTripsWithAndWithoutPadding) {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\xfe\xfd\xfc"}) {
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)), bytes);
  }
  EXPECT_EQ(Base64Decode("YQ=="), "a");
  EXPECT_FALSE(Base64Decode("Y"));
  EXPECT_FALSE(Base64Decode("Y!"));
}

}  // namespace
}  // namespace spandrel::net
