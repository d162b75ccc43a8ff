// SPDX-License-Identifier: Apache-2.0
#include "base/canonical_path.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace spandrel::base {
namespace {

TEST(CanonicalPathTest, IsOneForAllNames) {
  const std::string here = std::filesystem::current_path();
  EXPECT_EQ(CanonicalPath("no-such/../data/"), here + "/data");
  for (const char* name : {"data", "./data", "data/", "data/.", "no-such/../data"}) {
    EXPECT_EQ(CanonicalPath(name), here + "/data") << name;
  }
  EXPECT_EQ(CanonicalPath(here + "//data"), here + "/data");
  EXPECT_EQ(CanonicalPath("/"), "/");
}

}  // namespace
}  // namespace spandrel::base
