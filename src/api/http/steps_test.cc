// SPDX-License-Identifier: Apache-2.0
#include "api/http/steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace spandrel::api {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

net::Request WithTenant(std::string tenant) {
  net::Request request;
  request.method = "GET";
  if (!tenant.empty()) request.headers = {{"x-scope-orgid", std::move(tenant)}};
  return request;
}

TEST(StepsTest, TenantsAreNamedWhenTheyAreOn) {
  base::MetricRegistry metrics;
  const Steps steps({.tenants = true}, metrics);
  Admission admission;
  EXPECT_FALSE(steps.Admit(WithTenant("Team-1_a.b"), {}, &admission));
  EXPECT_EQ(admission.tenants, std::vector<std::string>{"Team-1_a.b"});
  EXPECT_FALSE(steps.Admit(WithTenant(std::string(150, 'a')), {}, &admission));
  EXPECT_FALSE(steps.Admit(WithTenant("b|a"), {}, &admission));
  EXPECT_EQ(admission.tenants, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(admission.peer, "tenant a|b");
  for (const std::string& wrong :
       {std::string(), std::string(151, 'a'), std::string("a b"), std::string("a/b"),
        std::string("a|"), std::string(".."), std::string("\xc3\xa4"), std::string("a\0b", 3)}) {
    const auto refusal = steps.Admit(WithTenant(wrong), {}, &admission);
    ASSERT_TRUE(refusal) << wrong;
    EXPECT_EQ(refusal->http_status, 400);
    EXPECT_EQ(refusal->status.code(), base::StatusCode::kInvalidArgument);
  }
  EXPECT_THAT(metrics.RenderPrometheus(),
              HasSubstr("spandrel_api_refused_requests_total{reason=\"tenant\"} 8"));
}

TEST(StepsTest, TenantsAreIgnoredWhenTheyAreOff) {
  base::MetricRegistry metrics;
  const Steps steps({}, metrics);
  Admission admission;
  EXPECT_FALSE(steps.Admit(WithTenant("a/b"), {}, &admission));
  EXPECT_TRUE(admission.tenants.empty());
}

TEST(StepsTest, UsersTakeTurnsElseAddresses) {
  base::MetricRegistry metrics;
  endpoints::ListenerConfig listener;
  listener.endpoint = {"0.0.0.0", 0};
  Admission admission;
  net::Request request;
  request.peer = "[::1]:40112";
  EXPECT_FALSE(Steps({}, metrics).Admit(request, {}, &admission));
  EXPECT_EQ(admission.peer, "[::1]");
  listener.auth.emplace().basic = {"", "ann:secret"};
  const auto gate =
      *endpoints::Gate::Make(listener, endpoints::DefaultHosts::kAny, "test", metrics);
  request.headers = {{"authorization", "Basic YW5uOnNlY3JldA=="}};
  EXPECT_FALSE(Steps({.gate = gate.get()}, metrics).Admit(request, {}, &admission));
  EXPECT_EQ(admission.peer, "user ann");
  EXPECT_TRUE(Steps({}, metrics).NoRoom(QueryQueue::Place::kNoRoomForPeer).retry_after());
  EXPECT_THAT(metrics.RenderPrometheus(),
              HasSubstr("spandrel_api_refused_requests_total{reason=\"peer_busy\"} 1"));
}

TEST(StepsTest, ATimeoutIsWhatIsAskedForUpToAMaximum) {
  base::MetricRegistry metrics;
  const Steps steps({.query_timeout = seconds(10), .max_query_timeout = seconds(60)}, metrics);
  const auto given = [&steps](std::optional<std::chrono::nanoseconds> asked) {
    Admission admission;
    EXPECT_FALSE(steps.Admit({}, asked, &admission));
    return std::chrono::round<seconds>(admission.deadline - std::chrono::steady_clock::now());
  };
  EXPECT_EQ(given({}), seconds(10));
  EXPECT_EQ(given(seconds(30)), seconds(30));
  EXPECT_EQ(given(std::chrono::hours(1)), seconds(60));
  EXPECT_EQ(given(std::chrono::nanoseconds::max()), seconds(60));
}

TEST(StepsTest, QueriesEndWhenTheServerStops) {
  base::MetricRegistry metrics;
  base::ByteBudget memory(100);
  Steps steps({.memory = &memory}, metrics);
  Admission admission;
  ASSERT_FALSE(steps.Admit({}, {}, &admission));
  bool is_gone = false;
  const storage::QueryContext context(steps.OptionsFor(admission, [&is_gone] { return is_gone; }));
  EXPECT_TRUE(context.Check().ok());
  EXPECT_FALSE(context.Reserve(101).ok());
  is_gone = true;
  EXPECT_EQ(context.Check().code(), base::StatusCode::kCancelled);
  is_gone = false;
  steps.StopAt(std::chrono::steady_clock::now());
  EXPECT_EQ(context.Check().code(), base::StatusCode::kCancelled);
  steps.CountEnd(context, false);
  EXPECT_THAT(metrics.RenderPrometheus(),
              HasSubstr("spandrel_api_cancelled_queries_total{reason=\"stopping\"} 1"));
}

}  // namespace
}  // namespace spandrel::api
