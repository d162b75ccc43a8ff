// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "api/http/login_sessions.h"
#include "api/service.h"
#include "api/testing/api.h"
#include "base/base64.h"
#include "endpoints/gate.h"

// Everything that the service answers, tried by those who may not ask: the lists come from the
// routers, so that a new endpoint is tried too.
namespace spandrel::api {
namespace {

using endpoints::Role;
using ::testing::HasSubstr;

class GuardsTest : public ::testing::Test {
 protected:
  GuardsTest() {
    conformance::TestSpan span;
    span.start = kTestNow - 1'000'000;
    span.service = "blue-secret";
    store_.Append(conformance::MakeBatch({span}), [](const base::Status&) {});
    endpoints::ListenerConfig listener;
    listener.endpoint = {"0.0.0.0", 1};
    listener.auth.emplace().basic = endpoints::BasicAuthConfig{
        "", "sender:pw\nred:pw\nall:pw\nboth:pw",
        endpoints::AccessRules(
            {{"sender", {.roles = static_cast<uint8_t>(Role::kSend)}},
             {"red", {.roles = static_cast<uint8_t>(Role::kRead), .tenants = {"red"}}},
             {"both", {.roles = static_cast<uint8_t>(Role::kRead), .tenants = {"blue", "red"}}},
             {"all", {}}})};
    gate_ = *endpoints::Gate::Make(listener, endpoints::DefaultHosts::kAny, "test", metrics_);
    service_ = std::make_unique<Service>(
        ServiceContext{store_, metrics_, *workers_, [] { return Status(); }, {}},
        ServiceOptions{.steps = {.gate = gate_.get(), .sessions = &sessions_, .tenants = true},
                       .cors = {},
                       .queue = {},
                       .is_encrypted = false,
                       .mcp = true});
  }

  static ServerStatus Status() { return {.version = "1", .data_directory = "/secret-place"}; }

  net::Response Ask(net::Request request) {
    const auto call = std::make_shared<TestCall>(std::move(request));
    service_->handler()(call);
    return call->Wait();
  }
  // "GET /api/trace/{id}", with something for `{id}`.
  net::Response AskRoute(const std::string& route, const net::Headers& headers) {
    const size_t space = route.find(' ');
    std::string path;
    for (const char c : route.substr(space + 1)) {
      if (c == '{' || c == '}') continue;
      path += c;
    }
    net::Request request = MakeRequest(route.substr(0, space), path);
    request.headers = headers;
    return Ask(std::move(request));
  }
  // The code of gRPC's answer.
  std::string AskRpc(const std::string& path, net::Headers headers) {
    net::Request request = MakeRequest("POST", path, std::string(5, '\0'));
    request.http2 = true;
    headers.emplace_back("content-type", "application/grpc");
    headers.emplace_back("te", "trailers");
    request.headers = std::move(headers);
    const net::Response response = Ask(std::move(request));
    const std::string_view in_headers = net::FindHeader(response.headers, "grpc-status");
    return std::string(in_headers.empty() ? net::FindHeader(response.trailers, "grpc-status")
                                          : in_headers);
  }
  static net::Headers As(const std::string& user, const std::string& tenant = "") {
    net::Headers headers{{"authorization", "Basic " + base::Base64Encode(user + ":pw")}};
    if (!tenant.empty()) headers.emplace_back("x-scope-orgid", tenant);
    return headers;
  }

  base::MetricRegistry metrics_;
  conformance::ReferenceStore store_;
  std::optional<base::WorkerPool> workers_{std::in_place, 2, 64};
  Sessions sessions_;
  std::shared_ptr<const endpoints::Gate> gate_;
  std::unique_ptr<Service> service_;
  const PoolEnd pool_end_{workers_};
};

TEST_F(GuardsTest, NobodyPassesWithoutALoginARoleAndATenantOfTheirs) {
  const auto routes = service_->guarded_routes();
  ASSERT_GE(routes.size(), 20U);
  for (const std::string& route : routes) {
    EXPECT_EQ(AskRoute(route, {}).status, 401) << route;
    EXPECT_EQ(AskRoute(route, {{"x-scope-orgid", "blue"}}).status, 401) << route;
    EXPECT_EQ(AskRoute(route, As("eve of " + route, "blue")).status, 401) << route;
    EXPECT_EQ(AskRoute(route, As("sender", "blue")).status, 403) << route;
    const net::Response red = AskRoute(route, As("red", "blue"));
    EXPECT_EQ(red.status, 403) << route;
    EXPECT_THAT(red.body, ::testing::Not(HasSubstr("secret"))) << route;
  }
}

TEST_F(GuardsTest, NorOverGrpc) {
  const auto paths = service_->guarded_rpcs();
  ASSERT_GE(paths.size(), 5U);
  for (const std::string& path : paths) {
    EXPECT_EQ(AskRpc(path, {}), "16") << path;
    EXPECT_EQ(AskRpc(path, As("eve of " + path, "blue")), "16") << path;
    EXPECT_EQ(AskRpc(path, As("sender", "blue")), "7") << path;
    EXPECT_EQ(AskRpc(path, As("red", "blue")), "7") << path;
    EXPECT_EQ(AskRpc(path, As("both")), "3") << path << ": which of the two";
  }
}

TEST_F(GuardsTest, WhatIsOfAllTenantsIsForThoseWhoMaySeeAll) {
  EXPECT_EQ(AskRoute("GET /metrics", As("red")).status, 403);
  EXPECT_EQ(AskRoute("GET /metrics", As("all")).status, 200);
  const net::Response status = AskRoute("GET /api/ui/v1/status", As("red"));
  EXPECT_EQ(status.status, 200);
  EXPECT_THAT(status.body, HasSubstr("\"metrics\":[]"));
  EXPECT_THAT(status.body, ::testing::Not(HasSubstr("secret-place")));
  EXPECT_THAT(AskRoute("GET /api/ui/v1/status", As("all", "red")).body, HasSubstr("secret-place"));
}

TEST_F(GuardsTest, ASessionStandsForWhatWasTyped) {
  net::Request sign_in =
      MakeRequest("POST", "/api/ui/v1/session", R"({"user":"red","password":"pw"})");
  sign_in.authority = "traces.example:16686";
  const net::Response in = Ask(sign_in);
  ASSERT_EQ(in.status, 200) << in.body;
  EXPECT_THAT(in.body, HasSubstr(R"("signedIn":true)"));
  const std::string cookie(net::FindHeader(in.headers, "set-cookie"));
  EXPECT_THAT(cookie, ::testing::MatchesRegex(
                          "spandrel_session_16686=[0-9a-f]+; Path=/; HttpOnly; SameSite=Strict"));
  const auto ask = [&](const std::string& path, const std::string& sent) {
    net::Request request = MakeRequest("GET", path);
    request.authority = sign_in.authority;
    request.headers = {{"cookie", "other=1; " + sent.substr(0, sent.find(';'))}};
    return Ask(std::move(request));
  };
  EXPECT_EQ(ask("/api/services", cookie).status, 200);
  EXPECT_THAT(ask("/api/ui/v1/session", cookie).body, HasSubstr(R"("user":"red")"));
  EXPECT_EQ(ask("/api/services", "spandrel_session_16686=00").status, 401);
  net::Request sign_out = MakeRequest("POST", "/api/ui/v1/session/end", "{}");
  sign_out.authority = sign_in.authority;
  sign_out.headers = {{"cookie", cookie.substr(0, cookie.find(';'))}};
  EXPECT_EQ(Ask(sign_out).status, 200);
  EXPECT_EQ(ask("/api/services", cookie).status, 401);
}

TEST_F(GuardsTest, OnlyThePageItselfSignsIn) {
  net::Request sign_in =
      MakeRequest("POST", "/api/ui/v1/session", R"({"user":"red","password":"pw"})");
  sign_in.authority = "traces.example";
  sign_in.headers = {{"origin", "https://evil.example"}};
  EXPECT_EQ(Ask(sign_in).status, 403);
  sign_in.headers = {{"origin", "https://traces.example"}};
  EXPECT_EQ(Ask(sign_in).status, 200);
  sign_in.body = R"({"user":"red","password":"guess"})";
  EXPECT_EQ(Ask(sign_in).status, 401);
  sign_in.body = R"({"token":"t"})";
  EXPECT_EQ(Ask(sign_in).status, 400);
  sign_in.body = R"({"user":"sender","password":"pw"})";
  EXPECT_EQ(Ask(sign_in).status, 403);
}

TEST_F(GuardsTest, ABrowserHearsOfNoBasicLoginFromThePagesApi) {
  const auto challenge = [this](const std::string& path) {
    return std::string(net::FindHeader(Ask(MakeRequest("GET", path)).headers, "www-authenticate"));
  };
  EXPECT_THAT(challenge("/api/services"), HasSubstr("Basic "));
  EXPECT_EQ(challenge("/api/ui/v1/status"), R"(Session realm="spandrel")");
}

TEST(SessionsTest, EndByTimeAndNumber) {
  class Clock final : public base::Clock {
   public:
    uint64_t NowUnixNano() const override { return 0; }
    std::chrono::steady_clock::time_point NowSteady() const override { return now; }
    std::chrono::steady_clock::time_point now{std::chrono::hours(100)};
  } clock;
  Sessions sessions(clock);
  const std::string first = sessions.Begin({{"authorization", "a"}});
  clock.now += std::chrono::hours(7);
  EXPECT_TRUE(sessions.Find(first));
  clock.now += std::chrono::hours(9);
  EXPECT_FALSE(sessions.Find(first)) << "idle";
  const std::string used = sessions.Begin({});
  for (int hour = 0; hour < 24; ++hour) {
    EXPECT_TRUE(sessions.Find(used));
    clock.now += std::chrono::hours(1);
  }
  clock.now += std::chrono::hours(1);
  EXPECT_FALSE(sessions.Find(used)) << "old";
  const std::string oldest = sessions.Begin({});
  clock.now += std::chrono::minutes(1);
  const std::string kept = sessions.Begin({});
  clock.now += std::chrono::minutes(1);
  for (int i = 0; i < 999; ++i) sessions.Begin({});
  EXPECT_FALSE(sessions.Find(oldest));
  EXPECT_TRUE(sessions.Find(kept));
}

}  // namespace
}  // namespace spandrel::api
