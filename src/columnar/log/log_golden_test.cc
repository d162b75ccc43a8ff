// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "columnar/log/span_log.h"
#include "columnar/testing/golden.h"
#include "conformance/test_spans.h"
#include "disk/directory.h"
#include "disk/testing/directory.h"
#include "journal/log_replay.h"
#include "wire/otlp/otlp.h"

// The bytes of a store's log files, kept in tests/data/store.
namespace spandrel::columnar {
namespace {

constexpr uint64_t kRequests = 9;

// Request `number`; sizes differ modulo 8, so that all paddings of a record occur.
std::string RequestOf(uint64_t number) {
  return conformance::EncodeRequest(
      {{.trace = number,
        .name = std::string(1 + (number - 1) % 9, 'n'),
        .attributes = {{"number", "one"}}},
       {.trace = number, .span = 2, .parent = 1, .start = 1'000'000'000 + number}});
}

// Every third request is of the tenant that has no name.
std::string TenantOf(uint64_t number) {
  return number % 3 == 0 ? "" : "team-" + std::to_string(number % 3);
}

// The log of a store. Its files get the epochs kEpoch, kEpoch + 1 and so on.
class LogGoldenTest : public testing::Test {
 protected:
  static constexpr uint64_t kEpoch = 0x0123456789abcdef;

  LogGoldenTest() : layout_(directory_.path()) {
    EXPECT_TRUE(disk::MakeFolder(layout_.LogFolder()).ok());
    EXPECT_TRUE(disk::MakeFolder(layout_.QuarantineFolder()).ok());
  }

  void OpenLog() {
    auto log = SpanLog::Open(
        options_, layout_, {}, metrics_,
        [](const std::string&, const span::SpanBatch&, uint64_t) {}, nullptr,
        [this] { return kEpoch + opened_++; });
    ASSERT_TRUE(log.ok()) << log.status().ToString();
    log_ = std::move(*log);
  }

  base::Status AppendOf(const std::string& tenant, span::SpanBatch batch) {
    std::promise<base::Status> done;
    log_->Append(tenant, std::move(batch),
                 [&done](base::Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }

  // Appends the requests from `first` to `last`, each in a group of its own.
  void Append(uint64_t first, uint64_t last) {
    for (uint64_t number = first; number <= last; ++number) {
      auto request = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(RequestOf(number)));
      const auto status = AppendOf(TenantOf(number), span::SpanBatch(request->chunk));
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
  }

  // The numbers of the requests that a start would find.
  std::vector<uint64_t> Replay(journal::LogReplay* result) {
    std::vector<uint64_t> numbers;
    auto replay = journal::ReplayLog(layout_.Log(), 0,
                                     [&](uint64_t sequence, const journal::LogPlace& place) {
                                       EXPECT_EQ(place.payload(), RequestOf(sequence));
                                       tenants_.emplace_back(place.key());
                                       numbers.push_back(sequence);
                                     });
    EXPECT_TRUE(replay.ok()) << replay.status().ToString();
    *result = std::move(*replay);
    return numbers;
  }

  std::string FileOf(uint64_t number) const { return layout_.Log().File(number); }

  disk::TestDirectory directory_;
  StoreLayout layout_;
  EngineOptions options_;
  base::MetricRegistry metrics_;
  uint64_t opened_ = 0;
  std::unique_ptr<SpanLog> log_;
  std::vector<std::string> tenants_;  // of the requests that Replay found
};

TEST_F(LogGoldenTest, TheWriterMakesTheSameBytes) {
  OpenLog();
  Append(1, kRequests);
  log_->Stop();
  const std::string written = ReadWholeFile(FileOf(1));
  ASSERT_FALSE(written.empty());
  EXPECT_TRUE(written == GoldenFile("log-v2.log", written));
}

TEST_F(LogGoldenTest, ReplayReadsIt) {
  std::filesystem::copy(GoldenPath("log-v2.log"), FileOf(7));
  journal::LogReplay replay;
  EXPECT_EQ(Replay(&replay), (std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(replay.damaged_places + replay.torn_tails, 0U);
}

TEST_F(LogGoldenTest, ReplayGivesEachItsTenant) {
  std::filesystem::copy(GoldenPath("log-v2.log"), FileOf(7));
  journal::LogReplay replay;
  Replay(&replay);
  ASSERT_EQ(tenants_.size(), kRequests);
  for (uint64_t number = 1; number <= kRequests; ++number) {
    EXPECT_EQ(tenants_[number - 1], TenantOf(number));
  }
}

// Of the time when a store had one tenant.
TEST_F(LogGoldenTest, ReplayReadsTheFirstVersion) {
  std::filesystem::copy(GoldenPath("log-v1.log"), FileOf(7));
  journal::LogReplay replay;
  EXPECT_EQ(Replay(&replay), (std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(tenants_, std::vector<std::string>(kRequests));
  EXPECT_EQ(replay.damaged_places + replay.torn_tails, 0U);
  std::filesystem::remove(FileOf(7));
  std::filesystem::copy(GoldenPath("log-v1-reused.log"), FileOf(3));
  EXPECT_EQ(Replay(&replay).size(), 2U);
  EXPECT_EQ(replay.damaged_places + replay.torn_tails, 0U);
}

// A file that was used before: two records, and behind them what is left of the earlier ones.
TEST_F(LogGoldenTest, AReusedFileHasTheSameBytes) {
  options_.max_log_file_bytes = 4096;
  // Whole blocks would leave nothing of them.
  options_.durability = Durability::kOs;
  OpenLog();
  uint64_t last = 0;
  const auto fill_until = [&](const std::string& path) {
    while (!std::filesystem::exists(path)) Append(last + 1, last + 1), ++last;
  };
  fill_until(FileOf(2));
  log_->Release(last);
  fill_until(FileOf(3));
  Append(last + 1, last + 1);
  const std::string written = ReadWholeFile(FileOf(3));
  EXPECT_EQ(written.size(), 4096U);
  EXPECT_TRUE(written == GoldenFile("log-v2-reused.log", written));
}

TEST_F(LogGoldenTest, ReplayReadsTheLastUseOfAReusedFile) {
  std::filesystem::copy(GoldenPath("log-v2-reused.log"), FileOf(3));
  journal::LogReplay replay;
  EXPECT_EQ(Replay(&replay).size(), 2U);
  EXPECT_EQ(replay.damaged_places + replay.torn_tails, 0U);
}

}  // namespace
}  // namespace spandrel::columnar
