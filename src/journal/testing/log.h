// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "disk/directory.h"
#include "disk/testing/directory.h"
#include "journal/log_replay.h"
#include "journal/log_writer.h"
#include "journal/testing/records.h"

namespace spandrel::journal {

// A log in a directory of its own. Its files get the epochs kEpoch, kEpoch + 1 and so on.
class LogTest : public testing::Test {
 protected:
  static constexpr uint64_t kEpoch = 0x0123456789abcdef;

  LogTest() {
    options_.paths = {directory_.path() + "/log", directory_.path() + "/quarantine"};
    EXPECT_TRUE(disk::MakeFolder(options_.paths.folder).ok());
    EXPECT_TRUE(disk::MakeFolder(options_.paths.quarantine).ok());
  }

  void OpenWriter(LogReplay found = {}) {
    auto writer = LogWriter::Open(options_, std::move(found), counted_.counters(), nullptr,
                                  [this] { return kEpoch + opened_++; });
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    writer_ = std::move(*writer);
  }

  // Appends the payloads from `first` to `last`, each in a group of its own.
  void Append(uint64_t first, uint64_t last) {
    for (uint64_t number = first; number <= last; ++number) {
      const auto status = AppendAndWait(*writer_, PayloadOf(number));
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
  }

  // The numbers of the payloads that a start would find behind that one.
  std::vector<uint64_t> Replay(uint64_t released_through, LogReplay* result = nullptr) {
    std::vector<uint64_t> numbers;
    auto replay =
        ReplayLog(options_.paths, released_through, [&](uint64_t sequence, const LogPlace& place) {
          EXPECT_EQ(place.payload(), PayloadOf(sequence));
          const auto copy = place.ReadChecked();
          EXPECT_TRUE(copy.ok() && *copy == PayloadOf(sequence));
          if (sequence > released_through) numbers.push_back(sequence);
        });
    EXPECT_TRUE(replay.ok()) << replay.status().ToString();
    if (result != nullptr) *result = std::move(*replay);
    return numbers;
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.paths.folder)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  disk::TestDirectory directory_;
  LogOptions options_;
  CountedLog counted_;
  uint64_t opened_ = 0;
  std::unique_ptr<LogWriter> writer_;
};

}  // namespace spandrel::journal
