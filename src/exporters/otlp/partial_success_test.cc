// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp/partial_success.h"

#include <gtest/gtest.h>

#include <limits>

namespace spandrel::exporters {
namespace {

class StoppedClock final : public base::Clock {
 public:
  uint64_t NowUnixNano() const override { return 0; }
  std::chrono::steady_clock::time_point NowSteady() const override { return now; }

  std::chrono::steady_clock::time_point now;
};

class PartialSuccessTest : public testing::Test {
 protected:
  uint64_t Rejected() {
    return metrics_.AddCounter("spandrel_exporter_rejected_spans_total", {{"exporter", "test"}})
        .value();
  }

  StoppedClock clock_;
  base::MetricRegistry metrics_;
  base::ByteBudget memory_{1 << 20};
  PartialSuccessReport report_{{"test", metrics_, memory_}, signal::Signal::kTraces, clock_};
};

TEST_F(PartialSuccessTest, CountsAllAndTellsOnceAMinute) {
  report_.Add({});
  report_.Add({-5, ""});
  EXPECT_EQ(report_.lines(), 0u);
  for (int i = 0; i < 3; ++i) report_.Add({2, "bad ids"});
  EXPECT_EQ(report_.lines(), 1u);
  clock_.now += PartialSuccessReport::kBetweenLines;
  report_.Add({2, "bad ids"});
  EXPECT_EQ(report_.lines(), 2u);
  EXPECT_EQ(Rejected(), 8u);
}

// No request has more spans than bytes, nor more than 4 GiB.
TEST_F(PartialSuccessTest, AClaimBeyondAnyRequestIsNotBelieved) {
  constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
  for (int i = 0; i < 3; ++i) report_.Add({std::numeric_limits<int64_t>::max(), ""});
  EXPECT_EQ(Rejected(), 3 * kMost);
}

}  // namespace
}  // namespace spandrel::exporters
