// SPDX-License-Identifier: Apache-2.0
#include "server/process/memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace spandrel::server {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

size_t SumOf(const MemoryDivision& division) {
  return division.fixed + division.requests + division.heads + division.background +
         division.reads + division.answers + division.open_parts;
}

TEST(MemoryDivision, SharesAddUpToTheCeiling) {
  for (const size_t mib : {64UL, 100UL, 256UL, 1000UL, 100'000UL}) {
    const MemoryDivision division = Divide(mib * kMiB);
    EXPECT_EQ(SumOf(division), mib * kMiB);
    EXPECT_GT(division.requests, division.fixed / 8);
    EXPECT_LE(division.heads, 256 * kMiB);
  }
}

TEST(MemoryCeiling, TooLittleIsRefused) {
  EXPECT_EQ(MemoryCeiling(63).status().code(), base::StatusCode::kInvalidArgument);
  EXPECT_EQ(*MemoryCeiling(64), 64 * kMiB);
}

TEST(MemoryCeiling, TheLeastLimitOfTheGroupsHolds) {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / "spandrel-memory-test";
  const auto write = [&root](const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  };
  std::filesystem::remove_all(root);
  EXPECT_EQ(ControlGroupLimit(root), 0U);
  write("proc/self/cgroup", "0::/pods/one\n");
  write("sys/fs/cgroup/pods/one/memory.max", "max\n");
  EXPECT_EQ(ControlGroupLimit(root), 0U);
  write("sys/fs/cgroup/pods/memory.max", "2000\n");
  EXPECT_EQ(ControlGroupLimit(root), 2000U);
  write("sys/fs/cgroup/pods/one/memory.max", "1000\n");
  EXPECT_EQ(ControlGroupLimit(root), 1000U);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace spandrel::server
