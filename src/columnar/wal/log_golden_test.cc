// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "columnar/test_directory.h"
#include "columnar/test_golden.h"
#include "columnar/wal/log_replay.h"
#include "columnar/wal/log_writer.h"
#include "conformance/test_spans.h"
#include "wire/otlp.h"

// The bytes of a log file, kept in tests/data/store.
namespace spandrel::columnar {
namespace {

constexpr uint64_t kEpoch = 0x0123456789abcdef;

// Bodies of different sizes modulo 8, so that all paddings occur.
std::vector<std::string> Requests() {
  std::vector<std::string> requests;
  for (uint64_t number = 1; number <= 9; ++number) {
    requests.push_back(conformance::EncodeRequest(
        {{.trace = number, .name = std::string(number, 'n'), .attributes = {{"number", "one"}}},
         {.trace = number, .span = 2, .parent = 1, .start = 1'000'000'000 + number}}));
  }
  return requests;
}

span::SpanBatch Decode(const std::string& request) {
  return span::SpanBatch(wire::DecodeOtlpProtobuf(base::MakeSharedBytes(request))->chunk);
}

class LogGoldenTest : public testing::Test {
 protected:
  LogGoldenTest() : layout_(directory_.path()) {
    options_.directory = directory_.path();
    EXPECT_TRUE(MakeFolder(layout_.LogFolder()).ok());
    EXPECT_TRUE(MakeFolder(layout_.QuarantineFolder()).ok());
  }

  std::unique_ptr<LogWriter> OpenWriter(LogReplay found) {
    auto writer = LogWriter::Open(
        options_, layout_, std::move(found), metrics_, [](std::vector<LogEntry>&) {},
        [] { return kEpoch; });
    EXPECT_TRUE(writer.ok()) << writer.status().ToString();
    return std::move(*writer);
  }

  TestDirectory directory_;
  StoreLayout layout_;
  EngineOptions options_;
  base::MetricRegistry metrics_;
};

TEST_F(LogGoldenTest, TheWriterMakesTheSameBytes) {
  const auto writer = OpenWriter({});
  for (const std::string& request : Requests()) {
    writer->Append(Decode(request), [](const base::Status& status) { EXPECT_TRUE(status.ok()); });
  }
  writer->Stop();
  const std::string written = ReadWholeFile(layout_.LogFile(1));
  ASSERT_FALSE(written.empty());
  EXPECT_TRUE(written == GoldenFile("log-v1.log", written));
}

TEST_F(LogGoldenTest, ReplayReadsIt) {
  std::filesystem::copy(GoldenPath("log-v1.log"), layout_.LogFile(7));
  std::vector<std::string> bodies;
  uint64_t last_sequence = 0;
  const auto replay = ReplayLog(layout_, 0, [&](uint64_t sequence, std::string_view body) {
    EXPECT_EQ(sequence, ++last_sequence);
    bodies.emplace_back(body);
  });
  ASSERT_TRUE(replay.ok()) << replay.status().ToString();
  EXPECT_EQ(bodies, Requests());
  EXPECT_EQ(replay->damaged_places + replay->torn_tails, 0U);
}

}  // namespace
}  // namespace spandrel::columnar
