// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "columnar/options/store_layout.h"
#include "columnar/testing/spans.h"
#include "columnar/wal/log_replay.h"
#include "columnar/wal/log_writer.h"
#include "conformance/test_spans.h"
#include "disk/directory.h"
#include "disk/testing/directory.h"
#include "wire/otlp/otlp.h"

namespace spandrel::columnar {

// Request `number`; sizes differ modulo 8, so that all paddings of a record occur.
inline std::string LogTestRequest(uint64_t number) {
  return conformance::EncodeRequest(
      {{.trace = number,
        .name = std::string(1 + (number - 1) % 9, 'n'),
        .attributes = {{"number", "one"}}},
       {.trace = number, .span = 2, .parent = 1, .start = 1'000'000'000 + number}});
}

// A log in a directory of its own. Its files get the epochs kEpoch, kEpoch + 1 and so on.
class LogTest : public testing::Test {
 protected:
  static constexpr uint64_t kEpoch = 0x0123456789abcdef;

  LogTest() : layout_(directory_.path()) {
    options_.directory = directory_.path();
    EXPECT_TRUE(disk::MakeFolder(layout_.LogFolder()).ok());
    EXPECT_TRUE(disk::MakeFolder(layout_.QuarantineFolder()).ok());
  }

  void OpenWriter(LogReplay found = {}) {
    auto writer = LogWriter::Open(
        options_, layout_, std::move(found), metrics_, [](std::vector<LogEntry>&) {}, nullptr,
        [this] { return kEpoch + opened_++; });
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    writer_ = std::move(*writer);
  }

  // Appends the requests from `first` to `last`, each in a group of its own.
  void Append(uint64_t first, uint64_t last) {
    for (uint64_t number = first; number <= last; ++number) {
      auto request = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(LogTestRequest(number)));
      const auto status = AppendAndWait(*writer_, span::SpanBatch(request->chunk));
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
  }

  // The numbers of the requests that a start would find.
  std::vector<uint64_t> Replay(uint64_t sealed_through, LogReplay* result = nullptr) {
    std::vector<uint64_t> numbers;
    auto replay = ReplayLog(layout_, sealed_through, [&](uint64_t sequence, const LogPlace& place) {
      EXPECT_EQ(place.mapped(), LogTestRequest(sequence));
      const auto copy = place.ReadChecked();
      EXPECT_TRUE(copy.ok() && *copy == LogTestRequest(sequence));
      numbers.push_back(sequence);
    });
    EXPECT_TRUE(replay.ok()) << replay.status().ToString();
    if (result != nullptr) *result = std::move(*replay);
    return numbers;
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(layout_.LogFolder())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  disk::TestDirectory directory_;
  StoreLayout layout_;
  EngineOptions options_;
  base::MetricRegistry metrics_;
  uint64_t opened_ = 0;
  std::unique_ptr<LogWriter> writer_;
};

}  // namespace spandrel::columnar
