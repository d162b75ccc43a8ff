// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/tenant_rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/document.h"

namespace spandrel::receivers {
namespace {

using base::StatusCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class Clock final : public base::Clock {
 public:
  uint64_t NowUnixNano() const override { return 0; }
  std::chrono::steady_clock::time_point NowSteady() const override { return now; }
  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
};

TEST(TenantRatesTest, WhoSentTooMuchIsToldWhenToComeAgain) {
  Clock clock;
  TenantRates rates({{1'000, 10}, {{"small", {100, 1}}}}, clock);
  EXPECT_TRUE(rates.TakeBytes("blue", 3'000).ok()) << "more than a second's, but nothing is owed";
  const base::Status refused = rates.TakeBytes("blue", 1);
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(refused.retryable());
  ASSERT_TRUE(refused.retry_after());
  EXPECT_NEAR(static_cast<double>(refused.retry_after()->count()), 2'000, 10);
  EXPECT_TRUE(rates.TakeBytes("red", 1'000).ok()) << "each has its own";
  EXPECT_TRUE(rates.TakeItems("blue", 5).ok()) << "items are counted apart";
  clock.now += milliseconds(2'100);
  EXPECT_TRUE(rates.TakeBytes("blue", 1).ok());
  EXPECT_TRUE(rates.TakeItems("small", 1).ok());
  EXPECT_FALSE(rates.TakeItems("small", 1).ok());
}

TEST(TenantRatesTest, ARateIsKeptOverTime) {
  Clock clock;
  TenantRates rates({{0, 1'000}, {}}, clock);
  int taken = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (rates.TakeItems("blue", 10).ok()) taken += 10;
    clock.now += milliseconds(1);
  }
  EXPECT_NEAR(taken, 11'000, 100) << "ten seconds, and a full bucket at the start";
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(rates.TakeBytes("blue", 1 << 30).ok());
}

TEST(TenantRatesTest, ManyTenantsShareWhatIsLeft) {
  Clock clock;
  TenantRates rates({{0, 1}, {}}, clock);
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(rates.TakeItems("t" + std::to_string(i), 1).ok());
  }
  EXPECT_FALSE(rates.TakeItems("t0", 1).ok());
  EXPECT_TRUE(rates.TakeItems("one more", 5).ok());
  EXPECT_FALSE(rates.TakeItems("and another", 1).ok());
  clock.now += seconds(100);
  EXPECT_TRUE(rates.TakeItems("one more", 1).ok());
}

TEST(TenantRatesTest, LimitsAreRead) {
  config::Problems problems;
  auto document = config::ParseYaml(
      "tenant_limits: {bytes_per_second: 1MiB, by_tenant: {shop: {items_per_second: 5}, 'a/b': }}",
      "test.yaml", &problems);
  config::Decoder decoder(document->root, &problems);
  const TenantLimits limits = DecodeTenantLimits(decoder);
  EXPECT_TRUE(limits.any());
  EXPECT_EQ(limits.Of("x").bytes_per_second, 1u << 20);
  EXPECT_EQ(limits.Of("shop").items_per_second, 5u);
  EXPECT_EQ(limits.Of("shop").bytes_per_second, 0u);
  EXPECT_THAT(problems.ToString(), HasSubstr("a/b: no name of a tenant"));
  EXPECT_FALSE(TenantLimits().any());
}

}  // namespace
}  // namespace spandrel::receivers
