// SPDX-License-Identifier: Apache-2.0
#include "api/mcp/mcp_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/mcp/tools.h"
#include "api/testing/api.h"

namespace spandrel::api {
namespace {

using conformance::TestSpan;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kMinuteAgo = kTestNow - 60'000'000'000;
constexpr uint64_t kMilli = 1'000'000;

class McpApiTest : public ApiTest {
 protected:
  // A request of `shop` that calls `stock`, which fails because of its database.
  McpApiTest()
      : service_({store_, metrics_, *workers_, [] { return TestStatus(); }, page_, clock_},
                 {.mcp = true}) {
    TestSpan root{.trace = 0xabc, .span = 1, .service = "shop", .name = "GET /buy"};
    root.start = kMinuteAgo;
    root.duration = 100 * kMilli;
    root.kind = span::SpanKind::kServer;
    root.attributes = {{"http.route", std::string("/buy")}};
    TestSpan call{.trace = 0xabc, .span = 2, .parent = 1, .service = "stock", .name = "serve"};
    call.start = kMinuteAgo + 10 * kMilli;
    call.duration = 80 * kMilli;
    call.kind = span::SpanKind::kServer;
    call.status = span::SpanStatus::kError;
    TestSpan query{.trace = 0xabc, .span = 3, .parent = 2, .service = "stock", .name = "SELECT"};
    query.start = kMinuteAgo + 20 * kMilli;
    query.duration = 60 * kMilli;
    query.kind = span::SpanKind::kClient;
    query.status = span::SpanStatus::kError;
    query.status_message = "no\nconnection";
    query.attributes = {{"db.system", std::string("postgresql")}};
    query.events = {
        {kMinuteAgo + 21 * kMilli, "exception", {{"exception.type", std::string("Timeout")}}}};
    Fill({root, call, query});
  }

  net::Response Post(std::string body) {
    const auto call = std::make_shared<TestCall>(MakeRequest("POST", "/api/mcp", std::move(body)));
    service_.handler()(call);
    return call->Wait();
  }
  std::string Ask(const std::string& method, const std::string& params = "{}") {
    const net::Response response =
        Post(R"({"jsonrpc":"2.0","id":7,"method":")" + method + R"(","params":)" + params + "}");
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(response.body, HasSubstr(R"("jsonrpc":"2.0","id":7)"));
    return response.body;
  }
  std::string CallTool(const std::string& name, const std::string& arguments = "{}") {
    return Ask("tools/call", R"({"name":")" + name + R"(","arguments":)" + arguments + "}");
  }

  Service service_;
  const PoolEnd pool_end_{workers_};
};

TEST_F(McpApiTest, SaysWhatItIs) {
  EXPECT_THAT(Ask("initialize", R"({"protocolVersion":"2025-06-18","capabilities":{}})"),
              AllOf(HasSubstr(R"("protocolVersion":"2025-06-18")"), HasSubstr(R"("tools":{})"),
                    HasSubstr(R"("name":"spandrel")")));
  EXPECT_THAT(Ask("initialize", R"({"protocolVersion":"1.0"})"),
              HasSubstr(R"("protocolVersion":"2025-11-25")"));
  EXPECT_THAT(Ask("ping"), HasSubstr(R"("result":{})"));
  const std::string list = Ask("tools/list");
  for (const McpTool& tool : McpTools()) {
    EXPECT_THAT(list, HasSubstr("\"name\":\"" + std::string(tool.name) + "\""));
  }
  EXPECT_THAT(list, HasSubstr(R"("required":["trace_id","span_id"])"));
}

TEST_F(McpApiTest, OtherRevisionsAreRefused) {
  for (const auto& [revision, status] :
       {std::pair("2025-06-18", 200), std::pair("1999-01-01", 400)}) {
    net::Request request =
        MakeRequest("POST", "/api/mcp", R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
    request.headers = {{"mcp-protocol-version", revision}};
    const auto call = std::make_shared<TestCall>(std::move(request));
    service_.handler()(call);
    EXPECT_EQ(call->Wait().status, status) << revision;
  }
}

TEST_F(McpApiTest, NotificationsAreTakenWithoutAnAnswer) {
  const net::Response taken = Post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  EXPECT_EQ(taken.status, 202);
  EXPECT_TRUE(taken.body.empty());
}

TEST_F(McpApiTest, WhatIsWrongHasACode) {
  EXPECT_THAT(Post("{").body, HasSubstr("-32700"));
  EXPECT_THAT(Post("[]").body, HasSubstr("-32600"));
  EXPECT_THAT(Post(R"({"jsonrpc":"1.0","id":1,"method":"ping"})").body, HasSubstr("-32600"));
  EXPECT_THAT(Post(R"({"jsonrpc":"2.0","id":{},"method":"ping"})").body, HasSubstr("-32600"));
  EXPECT_THAT(Ask("resources/list"), HasSubstr("-32601"));
  EXPECT_THAT(Ask("tools/call", R"({"name":"drop_all"})"), HasSubstr("-32602"));
  EXPECT_THAT(CallTool("get_trace"),
              AllOf(HasSubstr("trace_id: is needed"), HasSubstr(R"("isError":true)")));
  EXPECT_THAT(CallTool("list_services", R"({"colour":"red"})"),
              HasSubstr("colour: list_services has no such argument"));
  EXPECT_THAT(CallTool("search_traces", R"({"limit":1000})"), HasSubstr(R"("isError":true)"));
  EXPECT_THAT(CallTool("get_trace", R"({"trace_id":"ff"})"), HasSubstr(R"("isError":true)"));
  EXPECT_THAT(CallTool("search_traces", R"({"tags":"a=\""})"), HasSubstr(R"("isError":true)"));
}

TEST_F(McpApiTest, ServicesAndTheirCalls) {
  EXPECT_THAT(CallTool("list_services"),
              AllOf(HasSubstr("stock spans=2 errors=2 (100.00%)"), HasSubstr("shop spans=1")));
  EXPECT_THAT(CallTool("get_topology"), HasSubstr("shop -> stock calls=1 errors=1"));
  EXPECT_THAT(CallTool("list_operations", R"({"service":"stock"})"), HasSubstr("SELECT (client)"));
  EXPECT_THAT(CallTool("get_service_metrics", R"({"service":"shop"})"),
              AllOf(HasSubstr("GET /buy"), HasSubstr("errors=0.00%")));
}

TEST_F(McpApiTest, TracesAreFoundAndExplained) {
  EXPECT_THAT(CallTool("search_traces", R"({"service":"stock","status":"error","limit":5})"),
              AllOf(HasSubstr("1 traces"), HasSubstr("00000000000000000000000000000abc GET /buy")));
  EXPECT_THAT(CallTool("search_traces", R"({"service":"absent"})"), HasSubstr("0 traces"));
  const std::string outline = CallTool("get_trace", R"({"trace_id":"abc"})");
  EXPECT_THAT(outline, AllOf(HasSubstr("3 spans, 2 errors, 100ms"),
                             HasSubstr("GET /buy [shop] server 100ms +0ns 0000000000000001"),
                             HasSubstr("    SELECT [stock] client 60ms +20ms"),
                             HasSubstr("critical=60.0%"), HasSubstr("ERROR: no connection")));
  EXPECT_THAT(CallTool("get_critical_path", R"({"trace_id":"abc"})"),
              AllOf(HasSubstr("80.0% 80ms stock"), HasSubstr("60.0% 60ms SELECT [stock] x1")));
  const std::string errors = CallTool("get_errors", R"({"trace_id":"abc"})");
  EXPECT_LT(errors.find("SELECT"), errors.find("serve"));
  EXPECT_THAT(errors, HasSubstr("exception.type: Timeout"));
  EXPECT_THAT(CallTool("get_span", R"({"trace_id":"abc","span_id":"3"})"),
              AllOf(HasSubstr("db.system = postgresql"), HasSubstr("event exception")));
}

TEST_F(McpApiTest, AttributesAreListedAndCompared) {
  EXPECT_THAT(CallTool("list_attributes", R"({"prefix":"db"})"),
              AllOf(HasSubstr("span.db.system spans=1"), Not(HasSubstr("http.route"))));
  EXPECT_THAT(CallTool("list_attribute_values", R"({"key":"http.route"})"),
              HasSubstr("/buy spans=1"));
  EXPECT_THAT(CallTool("list_attribute_values", R"({"key":"resource.service.name"})"),
              HasSubstr("stock spans=2"));
  EXPECT_THAT(CallTool("compare", R"({"a":"error=true","b":"error=false"})"),
              AllOf(HasSubstr("a: 2 spans, b: 1 spans"),
                    HasSubstr("span.db.system = postgresql: a 50.0% (1), b 0.0% (0)")));
}

TEST_F(McpApiTest, LongTracesKeepWhatMatters) {
  std::vector<TestSpan> spans;
  TestSpan root{.trace = 0xdef, .span = 1, .service = "shop", .name = "root"};
  root.start = kMinuteAgo;
  root.duration = 1'000 * kMilli;
  spans.push_back(root);
  for (uint64_t id = 2; id <= 500; ++id) {
    TestSpan child = root;
    child.span = id;
    child.parent = 1;
    child.name = "child " + std::to_string(id);
    child.start = kMinuteAgo + id;
    child.duration = id == 400 ? 500 * kMilli : 1'000;
    if (id == 300) child.status = span::SpanStatus::kError;
    spans.push_back(child);
  }
  Fill(spans);
  const std::string outline = CallTool("get_trace", R"({"trace_id":"def","max_spans":3})");
  EXPECT_THAT(outline,
              AllOf(HasSubstr("root [shop]"), HasSubstr("child 300 "), HasSubstr("child 400 "),
                    HasSubstr("(298 spans left out)"), Not(HasSubstr("child 200 "))));
}

TEST_F(ApiTest, McpIsOffUnlessItIsTurnedOn) {
  EXPECT_EQ(Send(MakeRequest("POST", "/api/mcp", "{}")).status, 404);
}

}  // namespace
}  // namespace spandrel::api
