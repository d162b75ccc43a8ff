// SPDX-License-Identifier: Apache-2.0
// A store whose directory, or a folder in it, goes away while it is open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "columnar/engine.h"
#include "columnar/testing/spans.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"

namespace spandrel::columnar {
namespace {

using base::HealthLevel;
using base::StatusCode;
using testing::HasSubstr;

namespace fs = std::filesystem;

class RemovedDirectoryTest : public testing::Test {
 protected:
  RemovedDirectoryTest() {
    options_.directory = directory_.path() + "/store";
    options_.create_directory = true;
    options_.seal_age = std::chrono::hours(1);
    Open();
  }

  void Open() {
    engine_.reset();
    auto engine = Engine::Open(options_, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }
  base::Status AppendNext() {
    return AppendAndWait(*engine_, conformance::MakeBatch({{.trace = ++last_}}));
  }
  void ExpectRefused(HealthLevel level) {
    const base::Status status = AppendNext();
    EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
    EXPECT_TRUE(status.retry_after().has_value());
    EXPECT_EQ(engine_->Health().level, level) << engine_->Health().message;
  }
  bool Holds(uint64_t trace) { return engine_->GetTrace({}, conformance::TraceIdOf(trace)).ok(); }
  std::string Folder(const std::string& name) const { return options_.directory + "/" + name; }

  disk::TestDirectory directory_;
  EngineOptions options_;
  base::MetricRegistry metrics_;
  std::unique_ptr<Engine> engine_;
  uint64_t last_ = 0;
};

TEST_F(RemovedDirectoryTest, NothingIsAcknowledgedIntoARemovedDirectory) {
  ASSERT_TRUE(AppendNext().ok());
  EXPECT_EQ(engine_->Health(), base::Health());
  fs::remove_all(options_.directory);
  ExpectRefused(HealthLevel::kFailed);
  EXPECT_THAT(engine_->Health().message, HasSubstr(options_.directory + ": was removed"));
  EXPECT_TRUE(Holds(1)) << "what is in memory is still there to be read";
}

TEST_F(RemovedDirectoryTest, AnotherStoreInItsPlaceIsLeftAlone) {
  ASSERT_TRUE(AppendNext().ok());
  fs::rename(options_.directory, directory_.path() + "/away");
  auto other = Engine::Open(options_, metrics_);
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(AppendAndWait(**other, conformance::MakeBatch({{.trace = 100}})).ok());
  ExpectRefused(HealthLevel::kFailed);
  engine_->Settle();
  engine_->Close();
  other->reset();
  Open();
  EXPECT_TRUE(Holds(100));
  EXPECT_FALSE(Holds(1));
}

TEST_F(RemovedDirectoryTest, GoesOnWhenTheDirectoryIsBack) {
  ASSERT_TRUE(AppendNext().ok());
  fs::rename(options_.directory, directory_.path() + "/away");
  ExpectRefused(HealthLevel::kFailed);
  fs::rename(directory_.path() + "/away", options_.directory);
  ASSERT_TRUE(AppendNext().ok());
  engine_->Settle();  // a round may have failed meanwhile
  EXPECT_EQ(engine_->Health(), base::Health());
  Open();
  EXPECT_TRUE(Holds(1));
  EXPECT_FALSE(Holds(2)) << "was refused";
  EXPECT_TRUE(Holds(3));
}

TEST_F(RemovedDirectoryTest, GoesOnWhenTheFolderOfTheLogIsBack) {
  ASSERT_TRUE(AppendNext().ok());
  fs::remove_all(Folder("log"));
  ExpectRefused(HealthLevel::kRefusing);
  fs::create_directory(Folder("log"));
  ASSERT_TRUE(AppendNext().ok());
  EXPECT_EQ(engine_->Health(), base::Health());
  Open();
  EXPECT_TRUE(Holds(1)) << "was in memory, and sealed at the end";
  EXPECT_TRUE(Holds(3));
}

TEST_F(RemovedDirectoryTest, RefusesWhileNoPartCanBeMade) {
  ASSERT_TRUE(AppendNext().ok());
  engine_->Settle();
  ASSERT_TRUE(AppendNext().ok());
  fs::remove_all(Folder("parts"));
  engine_->Settle();
  ExpectRefused(HealthLevel::kRefusing);
  fs::create_directory(Folder("parts"));
  engine_->Settle();
  ASSERT_TRUE(AppendNext().ok());
  EXPECT_EQ(engine_->Health(), base::Health());
  Open();
  EXPECT_TRUE(Holds(2)) << "was not in a part yet";
}

}  // namespace
}  // namespace spandrel::columnar
