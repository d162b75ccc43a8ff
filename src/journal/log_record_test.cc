// SPDX-License-Identifier: Apache-2.0
#include "journal/log_record.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/crc32c.h"

namespace spandrel::journal {
namespace {

constexpr uint64_t kEpoch = 77;

void AppendRecord(uint64_t sequence, const std::string& body, std::string* file,
                  uint64_t epoch = kEpoch) {
  const auto header = EncodeLogRecordHeader(epoch, sequence, static_cast<uint32_t>(body.size()),
                                            base::Crc32c(body));
  file->append(header.data(), header.size());
  *file += body;
  file->append(LogRecordSize(body.size()) - kLogRecordHeaderSize - body.size(), '\0');
}

std::string FileOf(const std::vector<std::string>& bodies) {
  const auto header = EncodeLogFileHeader(kEpoch);
  std::string file(header.data(), header.size());
  for (size_t i = 0; i < bodies.size(); ++i) AppendRecord(i + 1, bodies[i], &file);
  return file;
}

struct Scanned {
  std::vector<std::string> bodies;
  uint64_t damages = 0;
  bool torn = false;
};

Scanned ScanAll(const std::string& file) {
  Scanned scanned;
  LogScanner scanner(file);
  for (auto step = scanner.Next(); step.outcome != LogScanner::Outcome::kEnd;
       step = scanner.Next()) {
    if (step.outcome == LogScanner::Outcome::kDamage) ++scanned.damages;
    if (step.outcome == LogScanner::Outcome::kRecord) scanned.bodies.emplace_back(step.body);
  }
  scanned.torn = scanner.HasTornTail();
  return scanned;
}

const std::vector<std::string> kBodies = {"first", "", std::string(1000, 'x'), "last one"};

TEST(LogScannerTest, ReadsWhatWasWritten) {
  const std::string file = FileOf(kBodies) + std::string(4096, '\0');
  const Scanned scanned = ScanAll(file);
  EXPECT_EQ(scanned.bodies, kBodies);
  EXPECT_EQ(scanned.damages, 0U);
  EXPECT_FALSE(scanned.torn);
}

TEST(LogScannerTest, EveryCutLeavesTheRecordsBeforeIt) {
  const std::string file = FileOf(kBodies);
  for (size_t size = 0; size < file.size(); ++size) {
    const Scanned scanned = ScanAll(file.substr(0, size) + std::string(64, '\0'));
    EXPECT_LE(scanned.bodies.size(), kBodies.size());
    for (size_t i = 0; i < scanned.bodies.size(); ++i) EXPECT_EQ(scanned.bodies[i], kBodies[i]);
    EXPECT_EQ(scanned.damages, 0U) << size;
  }
}

TEST(LogScannerTest, EveryFlippedByteCostsOneRecordAtMost) {
  const std::string file = FileOf(kBodies);
  for (size_t at = 0; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    const Scanned scanned = ScanAll(damaged);
    EXPECT_GE(scanned.bodies.size() + 1, kBodies.size()) << at;
    for (const std::string& body : scanned.bodies) {
      EXPECT_NE(std::find(kBodies.begin(), kBodies.end(), body), kBodies.end()) << at;
    }
  }
}

TEST(LogScannerTest, RecordsOfAnotherEpochDoNotCount) {
  std::string file = FileOf({"mine"});
  AppendRecord(9, "left over", &file, kEpoch + 1);
  const Scanned scanned = ScanAll(file);
  EXPECT_EQ(scanned.bodies, std::vector<std::string>{"mine"});
  EXPECT_TRUE(scanned.torn);
}

TEST(LogScannerTest, ABodyThatLooksLikeARecordIsNotTakenForOne) {
  std::string inner;
  AppendRecord(5, "forged", &inner, kEpoch + 1);
  std::string file = FileOf({inner, "behind"});
  file[kLogFileHeaderSize] = 0;
  const Scanned scanned = ScanAll(file);
  EXPECT_EQ(scanned.bodies, std::vector<std::string>{"behind"});
  EXPECT_EQ(scanned.damages, 1U);
}

TEST(LogScannerTest, EmptyAndZeroedFilesHoldNothing) {
  for (const size_t size : {0, 1, 31, 32, 100'000}) {
    const Scanned scanned = ScanAll(std::string(size, '\0'));
    EXPECT_TRUE(scanned.bodies.empty());
    EXPECT_FALSE(scanned.torn);
  }
}

}  // namespace
}  // namespace spandrel::journal
