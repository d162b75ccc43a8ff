// SPDX-License-Identifier: Apache-2.0
#include "columnar/testing/golden.h"
#include "columnar/testing/log.h"

// The bytes of log files, kept in tests/data/store.
namespace spandrel::columnar {
namespace {

constexpr uint64_t kRequests = 9;

class LogGoldenTest : public LogTest {};

TEST_F(LogGoldenTest, TheWriterMakesTheSameBytes) {
  OpenWriter();
  Append(1, kRequests);
  writer_->Stop();
  const std::string written = ReadWholeFile(layout_.LogFile(1));
  ASSERT_FALSE(written.empty());
  EXPECT_TRUE(written == GoldenFile("log-v1.log", written));
}

TEST_F(LogGoldenTest, ReplayReadsIt) {
  std::filesystem::copy(GoldenPath("log-v1.log"), layout_.LogFile(7));
  LogReplay replay;
  EXPECT_EQ(Replay(0, &replay), (std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(replay.damaged_places + replay.torn_tails, 0U);
}

// A file that was used before: two records, and behind them what is left of the earlier ones.
TEST_F(LogGoldenTest, AReusedFileHasTheSameBytes) {
  options_.max_log_file_bytes = 4096;
  // Whole blocks would leave nothing of them.
  options_.durability = Durability::kOs;
  OpenWriter();
  uint64_t last = 0;
  const auto fill_until = [&](const std::string& path) {
    while (!std::filesystem::exists(path)) Append(last + 1, last + 1), ++last;
  };
  fill_until(layout_.LogFile(2));
  writer_->Release(last);
  fill_until(layout_.LogFile(3));
  Append(last + 1, last + 1);
  const std::string written = ReadWholeFile(layout_.LogFile(3));
  EXPECT_EQ(written.size(), 4096U);
  EXPECT_TRUE(written == GoldenFile("log-v1-reused.log", written));
}

TEST_F(LogGoldenTest, ReplayReadsTheLastUseOfAReusedFile) {
  std::filesystem::copy(GoldenPath("log-v1-reused.log"), layout_.LogFile(3));
  LogReplay replay;
  EXPECT_EQ(Replay(0, &replay).size(), 2U);
  EXPECT_EQ(replay.damaged_places + replay.torn_tails, 0U);
}

}  // namespace
}  // namespace spandrel::columnar
