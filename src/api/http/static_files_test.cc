// SPDX-License-Identifier: Apache-2.0
#include "api/http/static_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/api.h"

namespace spandrel::api {
namespace {

using ::testing::HasSubstr;

TEST_F(ApiTest, PagePathsGetTheShell) {
  for (const char* path :
       {"/", "/index.html", "/search?service=a", "/map", "/system", "/trace/abc"}) {
    const net::Response response = Get(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body, "<p>shell") << path;
    EXPECT_EQ(net::FindHeader(response.headers, "cache-control"), "no-store");
  }
}

TEST_F(ApiTest, TheTracePageNamesItsTrace) {
  EXPECT_EQ(net::FindHeader(Get("/trace/12AB").headers, "link"),
            "<../api/ui/v1/trace/12ab>; rel=preload; as=fetch; crossorigin");
  for (const char* path : {"/search", "/trace/", "/trace/0", "/trace/1>;x", "/trace/1/2"}) {
    EXPECT_EQ(net::FindHeader(Get(path).headers, "link"), "") << path;
  }
}

TEST_F(ApiTest, FilesGoZippedWhenAccepted) {
  net::Request request = MakeRequest("GET", "/");
  request.headers = {{"accept-encoding", "gzip"}};
  const net::Response shell = Send(request);
  EXPECT_EQ(shell.body, "zipped shell");
  EXPECT_EQ(net::FindHeader(shell.headers, "content-encoding"), "gzip");
  const net::Response asset = Get("/assets/app-1234.js");
  EXPECT_EQ(asset.body, "let a");
  EXPECT_EQ(net::FindHeader(asset.headers, "content-type"), "text/javascript; charset=utf-8");
  EXPECT_THAT(std::string(net::FindHeader(asset.headers, "cache-control")), HasSubstr("immutable"));
}

TEST_F(ApiTest, OtherPathsAreNotFound) {
  for (const char* path :
       {"/assets/app-9.js", "/etc/passwd", "/../x", "/api", "/api/x", "/search/x"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
}

TEST_F(ApiTest, LinksOfOtherPagesRedirect) {
  const std::vector<std::pair<std::string, std::string>> links = {
      {"/zipkin/traces/1234abcd1234abcd", "/trace/00000000000000001234abcd1234abcd"},
      {"/zipkin/", "/search"},
      {"/dependencies", "/map"},
  };
  for (const auto& [from, to] : links) {
    const net::Response response = Get(from);
    EXPECT_EQ(response.status, 302) << from;
    EXPECT_EQ(net::FindHeader(response.headers, "location"), to);
  }
  EXPECT_EQ(Get("/zipkin/traces//evil.example").status, 404);
}

TEST_F(ApiTest, WithoutAPageItSaysSo) {
  Service bare({store_, metrics_, *workers_, [] { return ServerStatus(); }, {}, clock_});
  const PoolEnd pool_end(workers_);
  const auto call = std::make_shared<TestCall>(MakeRequest("GET", "/search"));
  bare.handler()(call);
  const net::Response response = call->Wait();
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("built without its page"));
}

TEST_F(ApiTest, HealthAndMetrics) {
  EXPECT_EQ(Body("/health"), R"({"status":"ok"})");
  const net::Response metrics = Get("/metrics");
  EXPECT_THAT(metrics.body, HasSubstr("spandrel_api_requests_total{status=\"2xx\"} 1\n"));
  EXPECT_THAT(std::string(net::FindHeader(metrics.headers, "content-type")),
              HasSubstr("version=0.0.4"));
}

}  // namespace
}  // namespace spandrel::api
