// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "columnar/engine.h"
#include "columnar/testing/spans.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"

// An engine on a file system of 16 MiB that something else fills.
namespace spandrel::columnar {
namespace {

namespace fs = std::filesystem;

class FullDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=16m") != 0) {
      GTEST_SKIP() << "cannot mount a file system here: " << std::strerror(errno);
    }
    mounted_ = true;
    options_.directory = directory_.path() + "/store";
    options_.create_directory = true;
    options_.max_log_file_bytes = 256 * 1024;
    options_.min_free_bytes = 0;  // nothing is dropped to make room
    options_.seal_age = std::chrono::hours(1);
  }
  ~FullDiskTest() override {
    engine_.reset();
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }

  void Open() {
    engine_.reset();
    auto engine = Engine::Open(options_, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }
  uint64_t Detail(const std::string& name) { return engine_->Stats().Figure(name).value(); }

  base::Status AppendNext() {
    const auto batch = conformance::MakeBatch(
        {{.trace = next_, .attributes = {{"text", std::string(4000, 'a')}}}});
    base::Status status = AppendAndWait(*engine_, batch);
    if (status.ok()) stored_ = next_;
    next_ += status.ok() ? 1 : 0;
    return status;
  }
  void AppendUntilRefused() {
    base::Status status;
    while (status.ok()) status = AppendNext();
    EXPECT_TRUE(status.retryable() && status.retry_after()) << status.ToString();
  }
  void ExpectAllThere() {
    for (uint64_t trace = 1; trace <= stored_; ++trace) {
      EXPECT_TRUE(engine_->GetTrace({}, conformance::TraceIdOf(trace)).ok()) << trace;
    }
  }
  // Leaves no free byte.
  void FillDisk() {
    std::ofstream out(Ballast(), std::ios::binary | std::ios::app);
    const std::string block(4096, 'b');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) continue;
  }
  std::string Ballast() const { return directory_.path() + "/ballast"; }

  disk::TestDirectory directory_;
  bool mounted_ = false;
  EngineOptions options_;
  base::MetricRegistry metrics_;
  std::unique_ptr<Engine> engine_;
  uint64_t next_ = 1;
  uint64_t stored_ = 0;
};

TEST_F(FullDiskTest, RefusesSealsWithTheReserveAndGoesOnByItself) {
  Open();
  EXPECT_EQ(Detail("reserve_bytes"), (uint64_t{16} << 20) / 100 / 4096 * 4096);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(AppendNext().ok());
  FillDisk();
  AppendUntilRefused();
  EXPECT_GT(Detail("reserve_bytes"), 0U);
  FillDisk();
  ExpectAllThere();
  engine_->Settle();
  EXPECT_EQ(Detail("head_spans"), 0U);  // sealed, although the disk was full
  ExpectAllThere();
  fs::remove(Ballast());
  EXPECT_TRUE(AppendNext().ok());
  EXPECT_GT(Detail("reserve_bytes"), 0U);
  ExpectAllThere();
}

TEST_F(FullDiskTest, StartsOnAFullDisk) {
  Open();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(AppendNext().ok());
  engine_->Close();
  FillDisk();
  Open();
  ExpectAllThere();
  AppendUntilRefused();
  fs::remove(Ballast());
  EXPECT_TRUE(AppendNext().ok());
  ExpectAllThere();
}

TEST_F(FullDiskTest, WithoutAReserveNothingIsLostEither) {
  options_.reserve_bytes = 0;
  Open();
  EXPECT_EQ(Detail("reserve_bytes"), 0U);
  FillDisk();
  AppendUntilRefused();
  engine_->Settle();
  ExpectAllThere();
  fs::remove(Ballast());
  EXPECT_TRUE(AppendNext().ok());
  ExpectAllThere();
}

}  // namespace
}  // namespace spandrel::columnar
