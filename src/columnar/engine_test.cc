// SPDX-License-Identifier: Apache-2.0
#include "columnar/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "columnar/testing/spans.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"
#include "span/span_view.h"

namespace spandrel::columnar {
namespace {

using conformance::MakeBatch;
using conformance::TestSpan;
using conformance::TraceIdOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

class EngineTest : public testing::Test {
 protected:
  EngineTest() { options_.directory = directory_.path(); }

  void Open() {
    auto engine = Engine::Open(options_, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }

  base::Status Append(const std::vector<TestSpan>& spans) {
    return AppendAndWait(*engine_, MakeBatch(spans));
  }
  void AppendTraces(uint64_t first, uint64_t count) {
    for (uint64_t trace = first; trace < first + count; ++trace) {
      ASSERT_TRUE(Append({{.trace = trace, .start = trace * 1000}}).ok());
    }
  }
  uint64_t CountTraces() {
    const auto found = engine_->Search({}, {.limit = 100'000});
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    return found.ok() ? found->traces.size() : 0;
  }

  // Leaves the directory as a killed process would: copies it while the engine runs.
  std::string CopyAsIfKilled(const std::string& name) {
    const std::string copy = directory_.path() + "-" + name;
    fs::remove_all(copy);
    fs::copy(directory_.path(), copy, fs::copy_options::recursive);
    copies_.push_back(copy);
    return copy;
  }
  void ReopenCopy(const std::string& copy) {
    engine_.reset();
    options_.directory = copy;
    Open();
  }
  ~EngineTest() override {
    engine_.reset();
    for (const std::string& copy : copies_) fs::remove_all(copy);
  }

  std::vector<std::string> FilesIn(const std::string& folder) {
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
  }

  static void FlipByte(const std::string& path, uint64_t offset) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const auto byte = static_cast<char>(file.get() ^ 0x55);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(byte);
  }

  disk::TestDirectory directory_;
  EngineOptions options_;
  base::MetricRegistry metrics_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::string> copies_;
};

TEST_F(EngineTest, SaysInOneLineWhyTheDirectoryCannotBeUsed) {
  Open();
  const auto held = Engine::Open(options_, metrics_);
  EXPECT_EQ(held.status().message(), directory_.path() + ": held by another spandrel (pid " +
                                         std::to_string(::getpid()) + ")");
  EngineOptions missing = options_;
  missing.directory = directory_.path() + "/a/b";
  EXPECT_EQ(Engine::Open(missing, metrics_).status().message(),
            missing.directory + ": No such file or directory");
  if (::geteuid() == 0) return;  // root may write everywhere
  EngineOptions unwritable = options_;
  unwritable.directory = "/proc";
  EXPECT_FALSE(Engine::Open(unwritable, metrics_).ok());
}

TEST_F(EngineTest, LetsGoOfTheDirectoryWhenClosed) {
  Open();
  engine_->Close();
  EXPECT_EQ(Append({{}}).code(), base::StatusCode::kUnavailable);
  Open();
  EXPECT_TRUE(Append({{}}).ok());
}

TEST_F(EngineTest, ReplaysTheLogOfAKilledProcess) {
  Open();
  AppendTraces(1, 50);
  const std::string copy = CopyAsIfKilled("killed");
  ReopenCopy(copy);
  EXPECT_EQ(CountTraces(), 50U);
  // What was replayed is sealed in the background; a copy must not see files come and go.
  engine_->Settle();
  AppendTraces(51, 10);
  // Killed again with a part and a log.
  const std::string again = CopyAsIfKilled("again");
  fs::remove_all(again);
  fs::copy(copy, again, fs::copy_options::recursive);
  ReopenCopy(again);
  EXPECT_EQ(CountTraces(), 60U);
  EXPECT_EQ(engine_->Stats().spans, 60U);
}

TEST_F(EngineTest, CutsATornTailAndGoesOn) {
  Open();
  AppendTraces(1, 20);
  const std::string copy = CopyAsIfKilled("torn");
  const std::string log = FilesIn(copy + "/log").back();
  const uint64_t size = fs::file_size(log);
  std::ifstream in(log, std::ios::binary);
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  const uint64_t end = bytes.find_last_not_of('\0');
  fs::resize_file(log, end - 5);
  ReopenCopy(copy);
  EXPECT_EQ(CountTraces(), 19U);
  AppendTraces(20, 1);
  EXPECT_EQ(CountTraces(), 20U);
}

TEST_F(EngineTest, SkipsAndKeepsDamageInsideTheLog) {
  Open();
  AppendTraces(1, 20);
  const std::string copy = CopyAsIfKilled("damaged");
  FlipByte(FilesIn(copy + "/log").back(), 200);
  ReopenCopy(copy);
  EXPECT_EQ(CountTraces(), 19U);
  EXPECT_EQ(FilesIn(copy + "/quarantine").size(), 1U);
  EXPECT_THAT(metrics_.RenderPrometheus(), HasSubstr("spandrel_store_damaged_log_places_total 1"));
}

TEST_F(EngineTest, QuarantinesDamagedPartsAndKeepsTheRest) {
  options_.merge_fan_in = 100;
  Open();
  for (uint64_t part = 0; part < 3; ++part) {
    AppendTraces(1 + part * 10, 10);
    engine_->Settle();
  }
  engine_->Close();
  const auto parts = FilesIn(directory_.path() + "/parts");
  ASSERT_EQ(parts.size(), 3U);
  fs::resize_file(parts[0], 100);  // without any footer: seen at start
  // All columns and what would mend them, but the footer at the end: seen when read.
  for (uint64_t at = 100; at + 300 < fs::file_size(parts[1]); at += 50) FlipByte(parts[1], at);
  Open();
  EXPECT_EQ(CountTraces(), 10U);
  engine_->Settle();
  EXPECT_EQ(FilesIn(directory_.path() + "/quarantine").size(), 2U);
  AppendTraces(100, 1);
  EXPECT_EQ(CountTraces(), 11U);
}

TEST_F(EngineTest, OutlivesADiskThatFailsBelowAPart) {
  options_.merge_fan_in = 100;
  options_.seal_age = std::chrono::hours(1);
  Open();
  for (uint64_t part = 0; part < 2; ++part) {
    AppendTraces(1 + part * 1000, 1000);
    engine_->Settle();
  }
  EXPECT_EQ(CountTraces(), 2000U);  // the columns are checked and mapped now
  fs::resize_file(FilesIn(directory_.path() + "/parts")[0], 4096);
  EXPECT_EQ(CountTraces(), 1000U);
  engine_->Settle();
  EXPECT_EQ(FilesIn(directory_.path() + "/quarantine").size(), 1U);
  EXPECT_TRUE(engine_->GetTrace({}, TraceIdOf(1500)).ok());
  AppendTraces(5000, 1);
  EXPECT_EQ(CountTraces(), 1001U);
}

TEST_F(EngineTest, OutlivesADiskThatFailsBelowARecoveredLog) {
  Open();
  AppendTraces(1, 500);
  const std::string copy = CopyAsIfKilled("failing");
  options_.read_only = true;  // so that nothing is sealed
  options_.seal_spans = 100;
  ReopenCopy(copy);
  EXPECT_EQ(CountTraces(), 500U);
  fs::resize_file(FilesIn(copy + "/log")[0], 4096);
  const uint64_t left = CountTraces();
  EXPECT_GT(left, 0U);
  EXPECT_LT(left, 500U);
  EXPECT_EQ(engine_->Stats().spans, left);
  EXPECT_TRUE(engine_->GetTrace({}, TraceIdOf(1)).ok());
  EXPECT_EQ(metrics_.AddCounter("spandrel_store_damaged_log_places_total").value(), 500 - left);
}

TEST_F(EngineTest, MakesALostManifestAgain) {
  options_.merge_fan_in = 3;
  Open();
  for (uint64_t part = 0; part < 4; ++part) {
    AppendTraces(1 + part * 10, 10);
    engine_->Settle();
  }
  AppendTraces(41, 5);
  const std::string copy = CopyAsIfKilled("no-manifest");
  const std::string damaged = CopyAsIfKilled("damaged-manifest");
  fs::remove(copy + "/MANIFEST");
  ReopenCopy(copy);
  EXPECT_EQ(CountTraces(), 45U);
  EXPECT_EQ(engine_->Stats().spans, 45U);
  const auto& damages = metrics_.AddCounter("spandrel_store_damaged_manifests_total");
  EXPECT_EQ(damages.value(), 0U);
  fs::resize_file(damaged + "/MANIFEST", 20);
  ReopenCopy(damaged);
  EXPECT_EQ(CountTraces(), 45U);
  EXPECT_EQ(damages.value(), 1U);
}

TEST_F(EngineTest, StoresAResentRequestOnceAcrossSealsAndRestarts) {
  Open();
  const std::vector<TestSpan> spans = {{.span = 1}, {.span = 2, .parent = 1}};
  ASSERT_TRUE(Append(spans).ok());
  engine_->Settle();
  ASSERT_TRUE(Append(spans).ok());
  EXPECT_EQ(engine_->Stats().spans, 2U);
  engine_.reset();
  Open();
  ASSERT_TRUE(Append(spans).ok());
  EXPECT_EQ(engine_->Stats().spans, 2U);
  EXPECT_EQ(engine_->Search({}, {}).value().traces[0].span_count, 2U);
}

TEST_F(EngineTest, SealsFullHeadsAndReleasesTheLog) {
  options_.seal_spans = 100;
  options_.max_log_file_bytes = 8192;
  options_.merge_fan_in = 4;
  Open();
  AppendTraces(1, 1000);
  EXPECT_EQ(CountTraces(), 1000U);
  engine_->Settle();
  EXPECT_EQ(CountTraces(), 1000U);
  uint64_t logs = 0;
  for (const std::string& path : FilesIn(directory_.path() + "/log")) {
    logs += path.ends_with(".log") ? 1 : 0;  // the others are spares
  }
  EXPECT_LE(logs, 1U);
  EXPECT_LE(engine_->Stats().Figure("parts").value(), 8U);
  EXPECT_EQ(engine_->Stats().Figure("head_spans").value(), 0U);
}

TEST_F(EngineTest, DropsWholePartsByAge) {
  options_.max_age = std::chrono::seconds(3600);
  Open();
  AppendTraces(1, 10);
  const uint64_t now = base::SystemClock().NowUnixNano();
  ASSERT_TRUE(Append({{.trace = 1000, .start = now}}).ok());
  engine_->Settle();
  AppendTraces(20, 10);
  engine_->Settle();
  EXPECT_EQ(CountTraces(), 11U);  // the first part holds a young span, so it stays whole
}

TEST_F(EngineTest, HeadsAreCountedIntoTheirShare) {
  base::ByteBudget heads(1 << 20);
  base::ByteBudget requests(1 << 20);
  base::ByteBudget open_parts(1 << 20);
  options_.UseMemory({&heads, &requests, &open_parts, 1 << 20});
  EXPECT_LE(options_.seal_bytes, uint64_t{1} << 18);
  EXPECT_LE(options_.max_joined_bytes, uint64_t{1} << 20);
  options_.seal_age = std::chrono::hours(1);
  Open();
  AppendTraces(1, 10);
  EXPECT_GT(heads.used(), requests.used()) << "the bytes of spans are not reserved here";
  EXPECT_GT(requests.used(), 0U);
  engine_->Settle();
  EXPECT_EQ(heads.used(), 0U);
  EXPECT_EQ(requests.used(), 0U);
  EXPECT_EQ(CountTraces(), 10U);
  EXPECT_GT(open_parts.used(), 0U);
  engine_->ReleaseMemory();
  EXPECT_EQ(open_parts.used(), 0U);
  EXPECT_EQ(CountTraces(), 10U);
  engine_.reset();  // before the budgets
}

TEST_F(EngineTest, HeadsOfAnotherStoreCountToo) {
  base::ByteBudget heads(1 << 20);
  options_.UseMemory({.heads = &heads});
  Open();
  heads.Take(2 << 20);
  EXPECT_TRUE(Append({{.trace = 1}}).retryable());
  heads.GiveBack(2 << 20);
  EXPECT_TRUE(Append({{.trace = 1}}).ok());
  engine_.reset();  // before the budget
}

TEST_F(EngineTest, SaysThatItIsLateBeforeItRefuses) {
  constexpr auto kSpans = base::IntakeGate::Work::kStored;
  base::ByteBudget heads(1 << 20);
  base::IntakeGate intake(metrics_);
  options_.UseMemory({.heads = &heads});
  options_.intake = &intake;
  Open();
  EXPECT_TRUE(intake.Admit(kSpans, "sender").ok());
  heads.Take(1'000'000);
  EXPECT_TRUE(intake.Admit(kSpans, "sender").retryable());
  EXPECT_TRUE(Append({{.trace = 1}}).ok());
  engine_->Close();
  EXPECT_TRUE(intake.Admit(kSpans, "sender").ok());
  heads.GiveBack(1'000'000);
  engine_.reset();  // before the budget
}

TEST_F(EngineTest, RefusesWhatDoesNotFitAndStaysReadable) {
  options_.seal_bytes = 1000;
  options_.max_head_bytes = 1000;
  options_.seal_age = std::chrono::hours(1);
  Open();
  base::Status last;
  for (uint64_t trace = 1; trace < 200 && last.ok(); ++trace) {
    std::vector<TestSpan> spans;
    for (uint64_t i = 1; i <= 50; ++i) spans.push_back({.trace = trace, .span = i});
    last = Append(spans);
  }
  EXPECT_TRUE(last.ok() || (last.retryable() && last.retry_after())) << last.ToString();
  EXPECT_GT(CountTraces(), 0U);
}

}  // namespace
}  // namespace spandrel::columnar
