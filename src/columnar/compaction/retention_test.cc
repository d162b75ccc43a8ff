// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/retention.h"

#include <gtest/gtest.h>

#include <fstream>

#include "columnar/compaction/retention_file.h"
#include "columnar/engine.h"
#include "columnar/options/store_layout.h"
#include "columnar/testing/spans.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"

namespace spandrel::columnar {
namespace {

using std::chrono::hours;

constexpr uint64_t kHour = 3'600'000'000'000;
constexpr uint64_t kStart = 500'000 * kHour;

// A wall clock and a steady clock that are moved by hand.
class HandClock final : public base::Clock {
 public:
  uint64_t NowUnixNano() const override { return wall_; }
  std::chrono::steady_clock::time_point NowSteady() const override {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(steady_.load()));
  }
  void Jump(int64_t by) { wall_ += static_cast<uint64_t>(by); }
  void Pass(uint64_t time) {
    wall_ += time;
    steady_ += time;
  }

 private:
  std::atomic<uint64_t> wall_{kStart};
  std::atomic<uint64_t> steady_{kHour};
};

class RetentionTest : public testing::Test {
 protected:
  RetentionTest() {
    options_.directory = directory_.path();
    options_.max_age = hours(24);
    options_.clock = &clock_;
  }
  void Open() {
    engine_.reset();
    auto engine = Engine::Open(options_, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }
  // Stores a span that starts then and makes it a part.
  void Store(uint64_t start) {
    ++trace_;
    ASSERT_TRUE(
        AppendAndWait(*engine_, conformance::MakeBatch({{.trace = trace_, .start = start}})).ok());
    engine_->Settle();
  }
  uint64_t Stored() {
    engine_->Settle();
    return engine_->Stats().spans;
  }
  uint64_t Dropped(const std::string& reason) {
    return metrics_.AddCounter("spandrel_store_expired_spans_total", {{"reason", reason}}).value();
  }

  disk::TestDirectory directory_;
  HandClock clock_;
  base::MetricRegistry metrics_;
  EngineOptions options_;
  std::unique_ptr<Engine> engine_;
  uint64_t trace_ = 0;
};

TEST_F(RetentionTest, AJumpOfTheClockDropsNothing) {
  Open();
  Store(kStart);
  clock_.Jump(8760 * static_cast<int64_t>(kHour));
  clock_.Pass(kHour);
  EXPECT_EQ(Stored(), 1U);
  Store(kStart + 8761 * kHour);  // whoever sends has the same wrong clock
  clock_.Pass(kHour);
  EXPECT_EQ(Stored(), 2U);
  Open();
  EXPECT_EQ(Stored(), 2U);
  clock_.Pass(kHour);
  EXPECT_EQ(Stored(), 2U);
  clock_.Jump(-8760 * static_cast<int64_t>(kHour));
  EXPECT_EQ(Stored(), 2U);
  EXPECT_EQ(Dropped("age"), 0U);
}

TEST_F(RetentionTest, AJumpWhileTheStoreIsClosedDropsNothing) {
  Open();
  Store(kStart);
  engine_.reset();
  clock_.Jump(8760 * static_cast<int64_t>(kHour));
  Open();
  EXPECT_EQ(Stored(), 1U);
  EXPECT_EQ(Dropped("age"), 0U);
}

TEST_F(RetentionTest, AnIdleStoreExpiresAcrossRestarts) {
  Open();
  Store(kStart);
  clock_.Pass(15 * kHour);
  EXPECT_EQ(Stored(), 1U);
  Open();
  EXPECT_EQ(Stored(), 1U);
  clock_.Pass(10 * kHour);
  EXPECT_EQ(Stored(), 0U);
  EXPECT_EQ(Dropped("age"), 1U);
}

TEST_F(RetentionTest, FutureSpansExpireNobody) {
  Open();
  Store(kStart);
  Store(UINT64_MAX / 2);
  clock_.Pass(kHour);
  EXPECT_EQ(Stored(), 2U);
}

TEST_F(RetentionTest, CountsTheReason) {
  options_.max_age = {};
  options_.max_bytes = 1;
  Open();
  Store(kStart);
  EXPECT_EQ(Stored(), 0U);
  EXPECT_EQ(Dropped("bytes"), 1U);
  EXPECT_EQ(Dropped("age"), 0U);
  EXPECT_EQ(Dropped("free_disk"), 0U);
}

TEST(RetentionFileTest, KeepsTheClockAndNoticesDamage) {
  const disk::TestDirectory directory;
  const StoreLayout layout(directory.path());
  EXPECT_EQ(LoadRetentionClock(layout), 0U);
  ASSERT_TRUE(SaveRetentionClock(layout, kStart).ok());
  ASSERT_TRUE(SaveRetentionClock(layout, kStart + 1).ok());
  EXPECT_EQ(LoadRetentionClock(layout), kStart + 1);
  std::fstream(directory.path() + "/retention-clock", std::ios::in | std::ios::out)
      .seekp(9)
      .put('x');
  EXPECT_EQ(LoadRetentionClock(layout), 0U);
}

TEST(MinFreeBytesTest, IsAShareOfTheDiskUnlessItIsSet) {
  const disk::TestDirectory directory;
  EngineOptions options;
  const uint64_t share = MinFreeBytes(options, directory.path());
  EXPECT_GT(share, 0U);
  EXPECT_LE(share, uint64_t{2} << 30);
  options.min_free_bytes = 7;
  EXPECT_EQ(MinFreeBytes(options, directory.path()), 7U);
  EXPECT_EQ(MinFreeBytes(options, "/nonexistent"), 0U);
}

}  // namespace
}  // namespace spandrel::columnar
