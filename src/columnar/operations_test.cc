// SPDX-License-Identifier: Apache-2.0
// What operators ask of a store: read-only opening, verifying, walking over all traces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "columnar/engine.h"
#include "columnar/testing/spans.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"
#include "span/span_view.h"

namespace spandrel::columnar {
namespace {

using conformance::MakeBatch;
using conformance::TestSpan;
using conformance::TraceIdOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

class OperationsTest : public testing::Test {
 protected:
  OperationsTest() {
    options_.directory = directory_.path();
    options_.merge_fan_in = 100;
  }
  void Open(bool read_only) {
    engine_.reset();
    options_.read_only = read_only;
    auto engine = Engine::Open(options_, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }
  // Two parts that share a trace.
  void FillTwoParts() {
    Open(false);
    ASSERT_TRUE(AppendAndWait(*engine_, MakeBatch({{.trace = 1, .span = 1, .start = 3000},
                                                   {.trace = 2, .span = 2, .start = 2000}}))
                    .ok());
    engine_->Settle();
    ASSERT_TRUE(AppendAndWait(*engine_, MakeBatch({{.trace = 1, .span = 3, .start = 1000},
                                                   {.trace = 3, .span = 4, .start = 4000}}))
                    .ok());
    engine_.reset();
  }
  // Every file with its content, but the lock file.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
      if (!entry.is_regular_file() || entry.path().filename() == "LOCK") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::ostringstream content;
      content << file.rdbuf();
      files[entry.path()] = content.str();
    }
    return files;
  }
  std::string FirstPart() const {
    for (const auto& [path, content] : Files()) {
      if (path.ends_with(".part")) return path;
    }
    return {};
  }
  static void FlipBytes(const std::string& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    char bytes[16] = {};
    file.seekg(at);
    file.read(bytes, sizeof(bytes));
    for (char& byte : bytes) byte = static_cast<char>(byte ^ 0x55);
    file.seekp(at);
    file.write(bytes, sizeof(bytes));
  }
  std::vector<uint64_t> WalkedTraces(const storage::Predicate& where, storage::TimeRange range) {
    std::vector<uint64_t> sizes;
    const auto walk = engine_->ForEachTrace({}, where, range, [&](const span::SpanBatch& trace) {
      sizes.push_back(trace.span_count());
      return true;
    });
    EXPECT_TRUE(walk.ok());
    return sizes;
  }

  disk::TestDirectory directory_;
  base::MetricRegistry metrics_;
  EngineOptions options_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(OperationsTest, WalksOverWholeTracesInOrder) {
  FillTwoParts();
  Open(true);
  EXPECT_THAT(WalkedTraces({}, {}), ElementsAre(2, 1, 1));
  EXPECT_THAT(WalkedTraces({}, {.min_unix_nano = 2500}), ElementsAre(2, 1));
  EXPECT_EQ(engine_->CountTraces({}, {}, {}).value(), 3U);
  uint64_t visited = 0;
  const auto walk =
      engine_->ForEachTrace({}, {}, {}, [&](const span::SpanBatch&) { return ++visited < 2; });
  EXPECT_EQ(walk.value().traces, 1U);
}

TEST_F(OperationsTest, AReadOnlyStoreShowsTheLogAndChangesNothing) {
  options_.seal_age = std::chrono::hours(1);
  Open(false);
  ASSERT_TRUE(AppendAndWait(*engine_, MakeBatch({{.trace = 1}})).ok());
  // As a killed process would leave it.
  const std::string copy = directory_.path() + "-killed";
  fs::copy(directory_.path(), copy, fs::copy_options::recursive);
  engine_.reset();
  fs::remove_all(directory_.path());
  fs::rename(copy, directory_.path());
  const auto before = Files();
  Open(true);
  EXPECT_EQ(engine_->Stats().spans, 1U);
  EXPECT_TRUE(engine_->GetTrace({}, TraceIdOf(1)).ok());
  EXPECT_EQ(AppendAndWait(*engine_, MakeBatch({{.trace = 2}})).code(),
            base::StatusCode::kFailedPrecondition);
  engine_->Settle();
  engine_.reset();
  EXPECT_EQ(Files(), before);
}

TEST_F(OperationsTest, AStoreThatIsOnlyLookedAtMustBeThere) {
  options_.read_only = true;
  const auto engine = Engine::Open(options_, metrics_);
  EXPECT_THAT(engine.status().message(), HasSubstr("there is no store"));
  EXPECT_TRUE(Files().empty());
}

TEST_F(OperationsTest, VerifyReadsAllOfAHealthyStore) {
  FillTwoParts();
  Open(true);
  EXPECT_EQ(engine_->Parts().size(), 2U);
  const VerifyReport report = engine_->Verify([](uint64_t) { return true; });
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.spans, 4U);
  EXPECT_EQ(report.parts, 2U);
  EXPECT_TRUE(report.damage.empty());
  EXPECT_FALSE(engine_->Verify([](uint64_t) { return false; }).complete);
}

TEST_F(OperationsTest, VerifyNamesTheDamagedFileAndLeavesIt) {
  FillTwoParts();
  const std::string part = FirstPart();
  const auto size = static_cast<std::streamoff>(fs::file_size(part));
  for (const std::streamoff at : {size / 4, size / 2, size - 20}) {
    FlipBytes(part, at);
    const auto before = Files();
    Open(true);
    const VerifyReport report = engine_->Verify([](uint64_t) { return true; });
    ASSERT_EQ(report.damage.size(), 1U) << at;
    EXPECT_EQ(report.damage[0].file, part);
    engine_.reset();
    EXPECT_EQ(Files(), before);
    FlipBytes(part, at);
  }
  fs::remove(part);
  Open(true);
  EXPECT_EQ(engine_->Verify([](uint64_t) { return true; }).damage.size(), 1U);
}

TEST_F(OperationsTest, VerifyNamesADamagedManifestAndLog) {
  FillTwoParts();
  FlipBytes(directory_.path() + "/MANIFEST", 20);
  const auto before = Files();
  Open(true);
  const VerifyReport report = engine_->Verify([](uint64_t) { return true; });
  ASSERT_EQ(report.damage.size(), 1U);
  EXPECT_THAT(report.damage[0].file, HasSubstr("MANIFEST"));
  EXPECT_EQ(report.spans, 4U);
  engine_.reset();
  EXPECT_EQ(Files(), before);
}

}  // namespace
}  // namespace spandrel::columnar
