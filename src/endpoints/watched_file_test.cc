// SPDX-License-Identifier: Apache-2.0
#include "endpoints/watched_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace spandrel::endpoints {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class ManualClock final : public base::Clock {
 public:
  uint64_t NowUnixNano() const override { return 0; }
  std::chrono::steady_clock::time_point NowSteady() const override { return now; }
  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
};

class WatchedFileTest : public ::testing::Test {
 protected:
  WatchedFileTest() { close(mkstemp(path_)); }
  ~WatchedFileTest() override { std::remove(path_); }

  void Write(const std::string& text) const { std::ofstream(path_) << text; }

  char path_[40] = "/tmp/spandrel-watched-XXXXXX";
  ManualClock clock_;
};

TEST_F(WatchedFileTest, IsLookedAtEachSecond) {
  Write("one");
  WatchedFile file(path_, clock_);
  EXPECT_EQ(*file.Read(), "one");
  Write("three");
  EXPECT_FALSE(file.HasChanged());
  clock_.now += milliseconds(999);
  EXPECT_FALSE(file.HasChanged());
  clock_.now += milliseconds(1);
  EXPECT_TRUE(file.HasChanged());
  EXPECT_EQ(*file.Read(), "three");
  clock_.now += milliseconds(1'000);
  EXPECT_FALSE(file.HasChanged());
}

TEST_F(WatchedFileTest, AFileThatIsMovedToItsPlaceIsAnother) {
  Write("one");
  WatchedFile file(path_, clock_);
  EXPECT_EQ(*file.Read(), "one");
  std::remove(path_);
  clock_.now += milliseconds(1'000);
  EXPECT_FALSE(file.HasChanged()) << "it is not there";
  EXPECT_THAT(file.Read().status().message(), HasSubstr("cannot be read"));
  Write("two");
  clock_.now += milliseconds(1'000);
  EXPECT_TRUE(file.HasChanged());
  EXPECT_EQ(*file.Read(), "two");
}

TEST_F(WatchedFileTest, IsSmall) {
  Write(std::string((4 << 20) + 1, 'x'));
  EXPECT_THAT(WatchedFile(path_, clock_).Read().status().message(), HasSubstr("too large"));
  EXPECT_FALSE(WatchedFile("/", clock_).Read().ok()) << "a folder";
}

}  // namespace
}  // namespace spandrel::endpoints
