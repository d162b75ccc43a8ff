// SPDX-License-Identifier: Apache-2.0
// What answers say of files that are damaged, also after a restart, and what a repair makes of
// them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "columnar/engine.h"
#include "columnar/testing/golden.h"
#include "columnar/testing/spans.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"

namespace spandrel::columnar {
namespace {

namespace fs = std::filesystem;

class LostSpansTest : public testing::Test {
 protected:
  LostSpansTest() {
    options_.directory = directory_.path() + "/store";
    options_.create_directory = true;
    options_.seal_age = std::chrono::hours(1);
    options_.durability = Durability::kOs;
    Open();
  }

  void Open() {
    engine_.reset();
    auto engine = Engine::Open(options_, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }
  void Append(uint64_t trace) {
    ASSERT_TRUE(AppendAndWait(*engine_, conformance::MakeBatch({{.trace = trace}})).ok());
  }
  // Appends one trace, and makes a part of it.
  void AppendPart(uint64_t trace) {
    Append(trace);
    engine_->Settle();
  }
  bool Holds(uint64_t trace) { return engine_->GetTrace({}, conformance::TraceIdOf(trace)).ok(); }
  // That an answer says it may lack.
  uint64_t Lacking() {
    const storage::QueryContext context;
    EXPECT_TRUE(engine_->Services(context).ok());
    return context.unreadable_spans();
  }
  fs::path OnlyPart() {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(options_.directory + "/parts")) {
      if (entry.path().extension() == ".part") found = entry.path();
    }
    return found;
  }
  static void Write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  void EmptyQuarantine() {
    for (const auto& entry : fs::directory_iterator(options_.directory + "/quarantine")) {
      fs::remove(entry.path());
    }
  }

  disk::TestDirectory directory_;
  EngineOptions options_;
  base::MetricRegistry metrics_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(LostSpansTest, AnswersSayThatAPartIsInQuarantineUntilItIsTakenAway) {
  AppendPart(1);
  EXPECT_EQ(Lacking(), 0U);
  engine_.reset();
  Write(OnlyPart(), std::string(fs::file_size(OnlyPart()), 'x'));
  for (int restarts = 0; restarts < 3; ++restarts) {
    Open();
    EXPECT_FALSE(Holds(1));
    EXPECT_GT(Lacking(), 0U) << restarts;
  }
  engine_.reset();
  EmptyQuarantine();
  Open();
  EXPECT_EQ(Lacking(), 0U);
}

TEST_F(LostSpansTest, AnswersSayThatAPartIsMissing) {
  AppendPart(1);
  engine_.reset();
  fs::remove(OnlyPart());
  for (int restarts = 0; restarts < 3; ++restarts) {
    Open();
    EXPECT_GT(Lacking(), 0U) << restarts;
  }
}

TEST_F(LostSpansTest, WhoOnlyLooksIsToldToo) {
  AppendPart(1);
  engine_.reset();
  Write(OnlyPart(), "nothing");
  options_.read_only = true;
  Open();
  EXPECT_GT(Lacking(), 0U);
}

TEST_F(LostSpansTest, APartWithoutFootersIsReadAndBecomesWhole) {
  AppendPart(1);
  engine_.reset();
  const std::string bytes = ReadWholeFile(OnlyPart());
  Write(OnlyPart(), bytes.substr(0, bytes.find(bytes.substr(bytes.size() - 100))));
  Open();
  EXPECT_TRUE(Holds(1));
  EXPECT_EQ(Lacking(), 0U);
  engine_->Settle();
  EXPECT_TRUE(Holds(1));
  EXPECT_TRUE(engine_->Verify([](uint64_t) { return true; }).damage.empty());
  Open();
  EXPECT_TRUE(Holds(1));
  EXPECT_EQ(Lacking(), 0U);
}

}  // namespace
}  // namespace spandrel::columnar
