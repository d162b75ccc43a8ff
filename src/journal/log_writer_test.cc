// SPDX-License-Identifier: Apache-2.0
#include "journal/log_writer.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>
#include <utility>

#include "base/crc32c.h"
#include "journal/log_record.h"
#include "journal/testing/log.h"

namespace spandrel::journal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

namespace fs = std::filesystem;

class LogWriterTest : public LogTest {
 protected:
  LogWriterTest() { options_.max_file_bytes = 4096; }

  // Appends until that file is there; the number of the last request.
  uint64_t FillUntilFile(uint64_t number, uint64_t last) {
    while (!fs::exists(options_.paths.File(number))) Append(last + 1, last + 1), ++last;
    return last;
  }
  static uint64_t InodeOf(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_ino;
  }
  static std::vector<uint64_t> Range(uint64_t first, uint64_t last) {
    std::vector<uint64_t> numbers;
    for (uint64_t number = first; number <= last; ++number) numbers.push_back(number);
    return numbers;
  }
};

TEST_F(LogWriterTest, ADoneFileIsWrittenOverAndItsOldRecordsAreGone) {
  OpenWriter();
  uint64_t last = FillUntilFile(2, 0);
  const uint64_t first_inode = InodeOf(options_.paths.File(1));
  writer_->Release(last - 1);
  EXPECT_THAT(Names(), ElementsAre("0000000001.spare", "0000000002.log"));
  const uint64_t in_second = last;
  last = FillUntilFile(3, last);
  EXPECT_EQ(InodeOf(options_.paths.File(3)), first_inode);
  EXPECT_THAT(Names(), ElementsAre("0000000002.log", "0000000003.log"));
  LogReplay replay;
  // Even where nothing is known of what was sealed.
  EXPECT_EQ(Replay(0, &replay), Range(in_second, last));
  EXPECT_EQ(replay.damaged_places + replay.torn_tails, 0U);
}

TEST_F(LogWriterTest, ATornWriteInAReusedFileIsCutOff) {
  OpenWriter();
  uint64_t last = FillUntilFile(2, 0);
  writer_->Release(last);
  last = FillUntilFile(3, last);
  const std::string path = options_.paths.File(3);
  const uint64_t end = kLogFileHeaderSize + LogRecordSize(PayloadOf(last).size());
  const auto torn = EncodeLogRecordHeader(kEpoch + 2, last + 1, 4000, 0);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(end));
  file.write(torn.data(), 20);
  file.close();
  LogReplay replay;
  EXPECT_EQ(Replay(last - 1, &replay), Range(last, last));
  EXPECT_EQ(replay.torn_tails, 1U);
  EXPECT_EQ(fs::file_size(path), end);
}

// A kill between the new header and the new name.
TEST_F(LogWriterTest, ASpareIsNeverReplayedAndAStartRemovesIt) {
  OpenWriter();
  uint64_t last = FillUntilFile(2, 0);
  writer_->Release(last - 1);
  const std::string spare = options_.paths.folder + "/0000000001.spare";
  const std::string copy = directory_.path() + "/kept";
  fs::copy(spare, copy);
  writer_->Stop();
  fs::copy(copy, spare);
  LogReplay replay;
  EXPECT_EQ(Replay(0, &replay), Range(last, last));
  OpenWriter(std::move(replay));
  EXPECT_THAT(Names(), ElementsAre("0000000002.log", "0000000003.log"));
}

TEST_F(LogWriterTest, AMissingFileIsTold) {
  options_.max_file_bytes = 4096;
  OpenWriter();
  uint64_t last_of_two = 0;
  uint64_t last = 0;
  while (!std::filesystem::exists(options_.paths.File(3))) {
    last_of_two = last;
    Append(last + 1, last + 1);
    ++last;
  }
  writer_->Stop();
  LogReplay replay;
  EXPECT_EQ(Replay(0, &replay).size(), last);
  EXPECT_EQ(replay.missing_records, 0U);
  std::filesystem::remove(options_.paths.File(2));
  const auto left = Replay(0, &replay);
  EXPECT_EQ(replay.missing_records, last - left.size());
  EXPECT_EQ(Replay(last_of_two, &replay).size(), 1U);
  EXPECT_EQ(replay.missing_records, 0U);
  // Cut: its lost end looks like a torn write, but the next file knows better.
  std::filesystem::resize_file(options_.paths.File(1), 1000);
  const auto cut = Replay(0, &replay);
  EXPECT_EQ(replay.missing_records, last - cut.size());
}

TEST_F(LogWriterTest, KeepsTwoSparesAtMost) {
  OpenWriter();
  const uint64_t last = FillUntilFile(6, 0);
  writer_->Release(last);
  EXPECT_EQ(Names().size(), 3U);
  EXPECT_EQ(writer_->disk_bytes(), 3 * options_.max_file_bytes);
}

TEST_F(LogWriterTest, AFileForALargeGroupIsNoSpare) {
  options_.max_file_bytes = 4096;
  OpenWriter();
  ASSERT_TRUE(AppendAndWait(*writer_, std::string(10'000, 'n')).ok());
  Append(2, 2);
  writer_->Release(1);
  EXPECT_THAT(Names(), ElementsAre("0000000003.log"));
}

TEST_F(LogWriterTest, StoppingLeavesOnlyWhatIsNotSealed) {
  OpenWriter();
  const uint64_t last = FillUntilFile(3, 0);
  writer_->Release(last - 1);
  writer_->Stop();
  EXPECT_THAT(Names(), ElementsAre("0000000003.log"));
  EXPECT_EQ(fs::file_size(options_.paths.File(3)), writer_->disk_bytes());
  EXPECT_LT(writer_->disk_bytes(), 1000U);
  writer_->Release(last);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(LogWriterTest, AnIdleLogTakesNoSpace) {
  options_.idle = std::chrono::milliseconds(1);
  OpenWriter();
  for (uint64_t number = 1; number < 4; ++number) {
    Append(number, number);
    writer_->Release(number);
    while (writer_->disk_bytes() > 0) std::this_thread::yield();
    EXPECT_THAT(Names(), IsEmpty());
  }
}

TEST_F(LogWriterTest, AnIdleLogKeepsWhatIsNotSealed) {
  options_.idle = std::chrono::milliseconds(1);
  OpenWriter();
  Append(1, 1);
  while (writer_->disk_bytes() >= options_.max_file_bytes) std::this_thread::yield();
  Append(2, 2);
  EXPECT_EQ(Replay(0), Range(1, 2));
}

TEST_F(LogWriterTest, PublishesInOrderBeforeItCompletes) {
  OpenWriter();
  std::vector<uint64_t> published;
  std::promise<void> last_completed;
  constexpr uint64_t kRecords = 50;
  for (uint64_t number = 1; number <= kRecords; ++number) {
    writer_->Append(std::make_unique<TextRecord>(
        PayloadOf(number),
        [&, number](const base::Status& status) {
          EXPECT_TRUE(status.ok());
          EXPECT_GE(published.back(), number);
          if (number == kRecords) last_completed.set_value();
        },
        [&](uint64_t sequence) { published.push_back(sequence); }));
  }
  last_completed.get_future().wait();
  EXPECT_EQ(published, Range(1, kRecords));
}

TEST_F(LogWriterTest, KeepsTheKeyOfEachRecord) {
  OpenWriter();
  const std::string longest(kMaxLogKeySize, 'k');
  ASSERT_TRUE(AppendAndWait(*writer_, "one", "team-a").ok());
  ASSERT_TRUE(AppendAndWait(*writer_, "two").ok());
  ASSERT_TRUE(AppendAndWait(*writer_, "", longest).ok());
  EXPECT_EQ(AppendAndWait(*writer_, "no", longest + "k").code(),
            base::StatusCode::kInvalidArgument);
  writer_->Stop();
  std::vector<std::pair<std::string, std::string>> found;
  ASSERT_TRUE(ReplayLog(options_.paths, 0, [&](uint64_t /*sequence*/, const LogPlace& place) {
                found.emplace_back(place.key(), place.payload());
                EXPECT_EQ(place.ReadChecked().value(), place.payload());
              }).ok());
  EXPECT_THAT(
      found, ElementsAre(std::pair("team-a", "one"), std::pair("", "two"), std::pair(longest, "")));
}

TEST_F(LogWriterTest, ABodyThatIsTooShortForItsKeyIsDamage) {
  const std::string body = std::string(1, 5) + "abc";
  const auto header = EncodeLogFileHeader(kEpoch);
  const auto record = EncodeLogRecordHeader(kEpoch, 1, static_cast<uint32_t>(body.size()),
                                            base::Crc32c(body), true);
  std::ofstream file(options_.paths.File(1), std::ios::binary);
  file.write(header.data(), header.size()).write(record.data(), record.size());
  const auto good = EncodeLogRecordHeader(kEpoch, 2, 0, 0);
  file << body << std::string(4, '\0');
  file.write(good.data(), good.size());
  file.close();
  std::vector<uint64_t> found;
  const auto note = [&](uint64_t sequence, const LogPlace&) { found.push_back(sequence); };
  const auto replay = ReplayLog(options_.paths, 0, note);
  ASSERT_TRUE(replay.ok());
  EXPECT_THAT(found, ElementsAre(2));
  EXPECT_EQ(replay->damaged_places, 1U);
}

TEST_F(LogWriterTest, RefusesWhatThereIsNoRoomFor) {
  options_.max_waiting_bytes = 100;
  OpenWriter();
  // The log's thread is kept busy by the first, and the second may wait alone, however large.
  std::promise<void> may_go_on;
  std::promise<void> is_busy;
  writer_->Append(std::make_unique<TextRecord>("first", [&](const base::Status&) {
    is_busy.set_value();
    may_go_on.get_future().wait();
  }));
  is_busy.get_future().wait();
  writer_->Append(std::make_unique<TextRecord>(std::string(1000, 'x')));
  const base::Status refused = AppendAndWait(*writer_, "third");
  EXPECT_TRUE(refused.retryable() && refused.retry_after()) << refused.ToString();
  may_go_on.set_value();
  writer_->Stop();
  EXPECT_FALSE(AppendAndWait(*writer_, "late").ok());
}

TEST_F(LogWriterTest, IsLateWhenMoreThanAGroupWaitsForLong) {
  options_.group_commit_bytes = 100;
  options_.max_wait = std::chrono::milliseconds(1);
  OpenWriter();
  std::promise<void> may_go_on;
  std::promise<void> is_busy;
  writer_->Append(std::make_unique<TextRecord>("first", [&](const base::Status&) {
    is_busy.set_value();
    may_go_on.get_future().wait();
  }));
  is_busy.get_future().wait();
  writer_->Append(std::make_unique<TextRecord>(std::string(100, 'x')));
  EXPECT_EQ(writer_->lateness(), 0) << "the next sync takes it";
  writer_->Append(std::make_unique<TextRecord>("third"));
  while (writer_->lateness() <= 1) std::this_thread::yield();
  may_go_on.set_value();
  writer_->Stop();
  EXPECT_EQ(writer_->lateness(), 0);
}

TEST_F(LogWriterTest, IsNotLateWhileItKeepsUp) {
  options_.group_commit_bytes = 1;
  options_.max_wait = std::chrono::hours(1);
  OpenWriter();
  Append(1, 3);
  EXPECT_EQ(writer_->lateness(), 0);
}

TEST_F(LogWriterTest, InMemoryNothingIsWrittenAndAllIsPassedOn) {
  options_.durability = Durability::kMemory;
  OpenWriter();
  Append(1, 3);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(LogWriterTest, RefusesWhatItWroteToAFileThatWasRemovedAndGoesOnInTheNext) {
  OpenWriter();
  Append(1, 1);
  EXPECT_TRUE(writer_->refusal().ok());
  fs::remove_all(options_.paths.folder);
  EXPECT_EQ(AppendAndWait(*writer_, PayloadOf(2)).code(), base::StatusCode::kUnavailable);
  EXPECT_EQ(writer_->refusal().code(), base::StatusCode::kNotFound);
  fs::create_directory(options_.paths.folder);
  Append(3, 3);
  EXPECT_TRUE(writer_->refusal().ok());
  EXPECT_EQ(Replay(0), Range(3, 3));
}

TEST_F(LogWriterTest, FindsOutWithoutARecordThatItCanGoOn) {
  OpenWriter();
  fs::remove_all(options_.paths.folder);
  EXPECT_FALSE(AppendAndWait(*writer_, PayloadOf(1)).ok());
  fs::create_directory(options_.paths.folder);
  while (!writer_->refusal().ok()) std::this_thread::yield();
  Append(2, 2);
  EXPECT_EQ(Replay(0), Range(2, 2));
}

TEST_F(LogWriterTest, TouchesNothingInAFolderThatIsNotTheOwnersAnyMore) {
  std::atomic<bool> is_ours = true;
  options_.check_place = [&is_ours] {
    return is_ours ? base::Status() : base::Status(base::StatusCode::kNotFound, "gone");
  };
  OpenWriter();
  Append(1, 1);
  is_ours = false;
  EXPECT_EQ(AppendAndWait(*writer_, PayloadOf(2)).code(), base::StatusCode::kUnavailable);
  const auto names = Names();
  writer_->Release(1);
  writer_.reset();
  EXPECT_EQ(Names(), names);
}

}  // namespace
}  // namespace spandrel::journal
