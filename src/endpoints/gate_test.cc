// SPDX-License-Identifier: Apache-2.0
#include "endpoints/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"

namespace spandrel::endpoints {
namespace {

using ::testing::HasSubstr;

net::Request For(std::string authority) {
  net::Request request;
  request.method = "GET";
  request.authority = std::move(authority);
  return request;
}

class GateTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Gate> Make(const ListenerConfig& listener,
                                   DefaultHosts hosts = DefaultHosts::kOwn) {
    auto gate = Gate::Make(listener, hosts, "test", metrics_);
    EXPECT_TRUE(gate.ok()) << gate.status().ToString();
    return *gate;
  }
  static ListenerConfig On(std::string host) {
    ListenerConfig listener;
    listener.endpoint = {std::move(host), 16686};
    return listener;
  }

  base::MetricRegistry metrics_;
};

TEST_F(GateTest, ALocalServerHasLocalNames) {
  for (const char* bound : {"localhost", "127.0.0.1", "::1"}) {
    const auto gate = Make(On(bound));
    for (const char* name : {"localhost:16686", "LOCALHOST.", "a.localhost", "127.0.0.1", "[::1]:9",
                             "127.9.9.9:1", "", "[::2]", "0.0.0.0", "192.168.1.7:16686"}) {
      EXPECT_FALSE(gate->CheckHost(For(name))) << name;
    }
    for (const char* name : {"evil.example", "evil.example:16686", "localhost.evil.example",
                             "127.0.0.1.evil.example", "[", "127.0.0.1@x", "collector"}) {
      const auto refusal = gate->CheckHost(For(name));
      ASSERT_TRUE(refusal) << name;
      EXPECT_EQ(refusal->http_status, 421);
    }
  }
  EXPECT_THAT(
      metrics_.RenderPrometheus(),
      HasSubstr("spandrel_endpoint_refused_requests_total{server=\"test\",reason=\"host\"}"));
}

TEST_F(GateTest, ALocalReceiverHasNamesOfItsNetwork) {
  const auto gate = Make(On("localhost"), DefaultHosts::kUndotted);
  for (const char* name : {"localhost:4318", "a", "otel-collector:4318", "10.0.0.1"}) {
    EXPECT_FALSE(gate->CheckHost(For(name))) << name;
  }
  for (const char* name : {"evil.example", "[", "a@b", "%"}) {
    EXPECT_TRUE(gate->CheckHost(For(name))) << name;
  }
  EXPECT_FALSE(Make(On("0.0.0.0"), DefaultHosts::kUndotted)->CheckHost(For("evil.example")));
}

TEST_F(GateTest, PagesOfOthersChangeNothing) {
  net::Request request = For("localhost:4318");
  request.method = "POST";
  request.headers = {{"origin", "http://evil.example"}};
  ListenerConfig listener = On("0.0.0.0");
  const auto refusal = Make(listener)->CheckOrigin(request);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->http_status, 403);
  EXPECT_FALSE(Make(listener, DefaultHosts::kAny)->CheckOrigin(request));
  listener.cors.allowed_origins = {"http://*.example"};
  EXPECT_FALSE(Make(listener)->CheckOrigin(request));
  request.http2 = true;
  request.headers.emplace_back("content-type", "application/grpc");
  EXPECT_FALSE(Make(On("0.0.0.0"))->CheckOrigin(request));
}

TEST_F(GateTest, OtherServersHaveTheNamesThatTheyAreGiven) {
  EXPECT_FALSE(Make(On("0.0.0.0"))->CheckHost(For("any.example")));
  EXPECT_TRUE(Make(On("localhost"), DefaultHosts::kAny)->lets_all_pass());
  ListenerConfig named = On("0.0.0.0");
  named.allowed_hosts = {"traces.example", "*.Internal"};
  const auto gate = Make(named);
  EXPECT_FALSE(gate->CheckHost(For("Traces.Example:443")));
  EXPECT_FALSE(gate->CheckHost(For("a.b.internal")));
  EXPECT_TRUE(gate->CheckHost(For("internal")));
  EXPECT_TRUE(gate->CheckHost(For("localhost")));
  EXPECT_TRUE(gate->CheckHost(For("127.0.0.1")));
  ListenerConfig behind_proxy = On("localhost");
  behind_proxy.allowed_hosts = {"*"};
  EXPECT_FALSE(Make(behind_proxy)->CheckHost(For("any.example")));
}

TEST_F(GateTest, AnExtensionThatNobodyLookedUpLetsNobodyIn) {
  ListenerConfig listener = On("0.0.0.0");
  listener.auth.emplace().authenticator = {"tags", {"c.yaml", 3, 5}, "auth"};
  const auto gate = Gate::Make(listener, DefaultHosts::kAny, "test", metrics_);
  EXPECT_THAT(gate.status().message(), HasSubstr("c.yaml:3:5: nobody looked up 'tags'"));
}

// A call that keeps its answer.
class Call final : public net::ServerCall {
 public:
  explicit Call(net::Request request) : request_(std::move(request)) {}
  const net::Request& request() const override { return request_; }
  std::string TakeBody(base::ByteBudget::Reservation*) override { return {}; }
  void Respond(net::Response response) override { answer = std::move(response); }
  void Start(int, net::Headers) override {}
  size_t Write(std::string) override { return 0; }
  void Finish(net::Headers) override {}
  bool WaitUntilSent(size_t, std::chrono::steady_clock::time_point) override { return true; }
  bool cancelled() const override { return false; }

  net::Response answer;

 private:
  const net::Request request_;
};

TEST_F(GateTest, WhoDoesNotLogInDoesNotPass) {
  ListenerConfig listener = On("0.0.0.0");
  listener.auth = AuthConfig{BasicAuthConfig{"", "ann:secret"}, {}};
  std::string last_identity;
  const net::Handler handler = Guarded(
      Make(listener), Role::kSend, [&last_identity](const std::shared_ptr<net::ServerCall>& call) {
        last_identity = call->identity();
        call->Respond({});
      });
  const auto ask = [&](net::Request request) {
    const auto call = std::make_shared<Call>(std::move(request));
    handler(call);
    return call->answer;
  };
  net::Request request = For("x");
  net::Response refused = ask(request);
  EXPECT_EQ(refused.status, 401);
  EXPECT_THAT(std::string(net::FindHeader(refused.headers, "www-authenticate")),
              HasSubstr("Basic"));
  request.http2 = true;
  request.headers = {{"content-type", "application/grpc"}};
  refused = ask(request);
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(net::FindHeader(refused.headers, "grpc-status"), "16");
  request.headers.emplace_back("authorization", "Basic " + base::Base64Encode("ann:secret"));
  EXPECT_EQ(net::FindHeader(ask(request).headers, "grpc-status"), "");
  EXPECT_EQ(last_identity, "ann");
  net::Request preflight = For("x");
  preflight.method = "OPTIONS";
  preflight.headers = {{"access-control-request-method", "POST"}};
  EXPECT_EQ(ask(preflight).status, 200);
}

TEST_F(GateTest, WhoMayDoLessIsToldSo) {
  ListenerConfig listener = On("0.0.0.0");
  BasicAuthConfig users{"", "ann:secret\nbob:secret\neve:secret",
                        AccessRules({{"ann", {.roles = static_cast<uint8_t>(Role::kRead)}},
                                     {"bob", {.tenants = {"blue"}}}})};
  listener.auth = AuthConfig{users, {}};
  const auto gate = Make(listener);
  const auto status_of = [&](const std::string& user, Role role) {
    net::Request request = For("x");
    request.headers = {{"authorization", "Basic " + base::Base64Encode(user + ":secret")}};
    Identity identity;
    const auto refusal = gate->Authenticate(request, role, &identity);
    return refusal ? refusal->http_status : 200;
  };
  EXPECT_EQ(status_of("ann", Role::kRead), 200);
  EXPECT_EQ(status_of("ann", Role::kSend), 403);
  EXPECT_EQ(status_of("ann", Role::kAdminister), 403);
  EXPECT_EQ(status_of("bob", Role::kAdminister), 200);
  EXPECT_EQ(status_of("eve", Role::kRead), 403) << "nobody said what she may do";
  EXPECT_THAT(metrics_.RenderPrometheus(), HasSubstr("server=\"test\",reason=\"role\"} 3"));
  std::vector<std::string> tenants;
  const net::Handler handler =
      Guarded(gate, Role::kSend, [&tenants](const std::shared_ptr<net::ServerCall>& call) {
        tenants = call->tenants();
        call->Respond({});
      });
  net::Request request = For("x");
  request.headers = {{"authorization", "Basic " + base::Base64Encode("bob:secret")}};
  handler(std::make_shared<Call>(request));
  EXPECT_EQ(tenants, std::vector<std::string>{"blue"});
}

}  // namespace
}  // namespace spandrel::endpoints
