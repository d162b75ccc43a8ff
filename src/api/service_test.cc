// SPDX-License-Identifier: Apache-2.0
#include "api/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "api/testing/api.h"
#include "net/http/compression.h"
#include "net/peer/client.h"
#include "net/peer/server.h"
#include "net/socket/io_runtime.h"

// The same handlers behind a real socket.
namespace spandrel::api {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class ServiceTest : public ApiTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.Start().ok());
    client_ = std::make_unique<net::HttpClient>(
        runtime_, net::HttpClientOptions{.endpoint = server_.bound(), .tls = {.insecure = true}});
  }
  void TearDown() override {
    client_.reset();
    server_.Shutdown(std::chrono::steady_clock::now() + seconds(5));
  }

  net::Response Ask(net::Request request) {
    request.target = request.query.empty() ? request.path : request.path + "?" + request.query;
    auto response = client_->SendAndWait(std::move(request), seconds(20));
    EXPECT_TRUE(response.ok()) << response.status().ToString();
    return response.ok() ? std::move(*response) : net::Response();
  }

  base::ByteBudget memory_{64 << 20};
  net::IoRuntime runtime_{1};
  net::Server server_{runtime_,
                      {.endpoint = {"127.0.0.1", 0}, .tls = {}, .limits = {}, .name = "query"},
                      metrics_,
                      memory_,
                      handler_};
  std::unique_ptr<net::HttpClient> client_;
};

TEST_F(ServiceTest, AnswersOverHttp) {
  conformance::TestSpan span;
  span.start = kTestNow - 1'000'000;
  span.service = "shop";
  Fill({span});
  EXPECT_EQ(Ask(MakeRequest("GET", "/api/services")).body,
            R"({"data":["shop"],"total":1,"limit":0,"offset":0,"errors":null})");
  EXPECT_THAT(Ask(MakeRequest("GET", "/api/ui/v1/search?service=shop")).body,
              HasSubstr("\"rootService\":\"shop\""));
  EXPECT_EQ(Ask(MakeRequest("GET", "/search")).body, "<p>shell");
  EXPECT_EQ(Ask(MakeRequest("GET", "/api/absent")).status, 404);
}

TEST_F(ServiceTest, PostBodiesAreRead) {
  net::Request request =
      MakeRequest("POST", "/api/v3/trace-summaries", *net::Compress("gzip", R"({"query":{
      "startTimeMin":"2023-11-14T22:00:00Z","startTimeMax":"2023-11-14T23:00:00Z"}})"));
  request.headers = {{"content-encoding", "gzip"}, {"content-type", "application/json"}};
  EXPECT_EQ(Ask(request).body, R"({"summaries":[]})");
  for (const char* encoding : {"gzip", "deflate", "zstd", "br"}) {
    net::Request empty = MakeRequest("POST", "/api/v3/trace-summaries");
    empty.headers = {{"content-encoding", encoding}};
    EXPECT_GE(Ask(empty).status, 400) << encoding;
  }
}

TEST_F(ServiceTest, HeadHasHeadersAndNoBody) {
  const net::Response response = Ask(MakeRequest("HEAD", "/search"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(net::FindHeader(response.headers, "content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(Ask(MakeRequest("GET", "/health")).status, 200);
}

}  // namespace
}  // namespace spandrel::api
