// SPDX-License-Identifier: Apache-2.0
#include "journal/log_replay.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "disk/testing/directory.h"
#include "journal/log_record.h"

namespace spandrel::journal {
namespace {

constexpr uint64_t kEpoch = 77;

class LogReplayTest : public testing::Test {
 protected:
  LogReplayTest() {
    std::filesystem::create_directory(paths_.folder);
    std::filesystem::create_directory(paths_.quarantine);
    const auto header = EncodeLogFileHeader(kEpoch);
    bytes_.assign(header.data(), header.size());
    for (size_t i = 0; i < bodies_.size(); ++i) AppendRecord(i + 1, bodies_[i]);
    last_record_ = bytes_.size() - LogRecordSize(bodies_.back().size());
    bytes_ += std::string(64, '\0');
  }

  void AppendRecord(uint64_t sequence, const std::string& body) {
    const auto header = EncodeLogRecordHeader(kEpoch, sequence, static_cast<uint32_t>(body.size()),
                                              base::Crc32c(body));
    bytes_.append(header.data(), header.size());
    bytes_ += body;
    bytes_.append(LogRecordSize(body.size()) - kLogRecordHeaderSize - body.size(), '\0');
  }

  LogReplay Replay(const std::string& bytes) {
    std::ofstream(paths_.File(1), std::ios::binary | std::ios::trunc) << bytes;
    read_.clear();
    auto replay = ReplayLog(paths_, 0, [this](uint64_t /*sequence*/, const LogPlace& place) {
      read_.emplace_back(place.payload());
    });
    EXPECT_TRUE(replay.ok());
    return *std::move(replay);
  }
  std::string WithFlip(size_t bit) const {
    std::string damaged = bytes_;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    return damaged;
  }

  disk::TestDirectory directory_;
  LogPaths paths_{directory_.path() + "/log", directory_.path() + "/quarantine"};
  const std::vector<std::string> bodies_ = {"first", std::string(300, 'x'), "last one"};
  std::string bytes_;
  size_t last_record_ = 0;
  std::vector<std::string> read_;
};

TEST_F(LogReplayTest, AFlippedBitIsTurnedBack) {
  uint64_t mended = 0;
  uint64_t flipped = 0;
  for (size_t bit = 0; bit < (last_record_ + kLogRecordHeaderSize) * 8; bit += 7) {
    const LogReplay replay = Replay(WithFlip(bit));
    EXPECT_EQ(read_, bodies_) << bit;
    EXPECT_EQ(replay.damaged_places, 0U) << bit;
    mended += replay.mended_bits;
    ++flipped;
  }
  // Between records are zeros that nobody reads.
  EXPECT_GT(mended, flipped - flipped / 20);
  EXPECT_LE(mended, flipped);
}

TEST_F(LogReplayTest, AFlippedBitInTheLastBodyIsToldAtLeast) {
  const size_t body = last_record_ + kLogRecordHeaderSize;
  for (size_t bit = body * 8; bit < (body + bodies_.back().size()) * 8; bit += 3) {
    EXPECT_EQ(Replay(WithFlip(bit)).damaged_places, 1U) << bit;
    EXPECT_EQ(read_.size() + 1, bodies_.size()) << bit;
  }
}

TEST_F(LogReplayTest, RecordsThatAreAllDamagedAreTold) {
  std::string damaged = bytes_;
  size_t at = kLogFileHeaderSize;
  for (const std::string& body : bodies_) {
    damaged.replace(at + kLogRecordHeaderSize, 4, "####");
    at += LogRecordSize(body.size());
  }
  EXPECT_EQ(Replay(damaged).damaged_places, bodies_.size() - 1);
  EXPECT_TRUE(read_.empty());
}

TEST_F(LogReplayTest, WhoOnlyLooksChangesNothing) {
  paths_.read_only = true;
  const std::string damaged = WithFlip((kLogFileHeaderSize + kLogRecordHeaderSize) * 8);
  EXPECT_EQ(Replay(damaged).damaged_places, 1U);
  EXPECT_EQ(Replay(damaged).mended_bits, 0U);
  EXPECT_EQ(read_.size() + 1, bodies_.size());
}

}  // namespace
}  // namespace spandrel::journal
