// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/testing/api.h"

namespace spandrel::api {
namespace {

using conformance::TestSpan;
using ::testing::HasSubstr;

constexpr uint64_t kMinuteAgo = kTestNow - 60'000'000'000;
constexpr const char* kTimes =
    "query.startTimeMin=2023-11-14T22:00:00.000Z&query.startTimeMax=2023-11-14T23:00:00.000Z";
constexpr const char* kSummaries =
    R"({"summaries":[{"traceId":"00000000000000000000000000000abc","rootServiceName":"web",)"
    R"("rootOperationName":"GET /","minStartTimeUnixNano":"1699999940000000000",)"
    R"("maxEndTimeUnixNano":"1699999940003000000","spanCount":2,"errorSpanCount":1,)"
    R"("services":[{"name":"db","spanCount":1,"errorSpanCount":1},{"name":"web","spanCount":1}]}]})";

class V3ApiTest : public ApiTest {
 protected:
  void SetUp() override {
    TestSpan root;
    root.trace = 0xabc;
    root.start = kMinuteAgo;
    root.duration = 3'000'000;
    root.service = "web";
    root.name = "GET /";
    root.kind = span::SpanKind::kServer;
    TestSpan child = root;
    child.span = 2;
    child.parent = 1;
    child.service = "db";
    child.name = "query";
    child.kind = span::SpanKind::kUnspecified;
    child.status = span::SpanStatus::kError;
    child.duration = 1'000'000;
    child.attributes = {{"rows", int64_t{5}}};
    Fill({root, child});
  }

  void ExpectError(const std::string& target, int status, const std::string& message) {
    const net::Response response = Get(target);
    EXPECT_EQ(response.status, status) << target;
    EXPECT_EQ(response.body, R"({"error":{"httpCode":)" + std::to_string(status) +
                                 R"(,"message":")" + message + "\"}}");
  }
};

TEST_F(V3ApiTest, ServicesAndOperations) {
  EXPECT_EQ(Body("/api/v3/services"), R"({"services":["db","web"]})");
  EXPECT_EQ(Body("/api/v3/operations?service=web"),
            R"({"operations":[{"name":"GET /","spanKind":"server"}]})");
  EXPECT_EQ(Body("/api/v3/operations?service=db"),
            R"({"operations":[{"name":"query","spanKind":"internal"}]})");
  EXPECT_EQ(Body("/api/v3/operations?service=web&spanKind=client"), R"({"operations":[]})");
}

TEST_F(V3ApiTest, TraceById) {
  const std::string body = Body("/api/v3/traces/abc?rawTraces=true");
  EXPECT_THAT(body, HasSubstr(R"({"result":{"resourceSpans":[{)"));
  EXPECT_THAT(body, HasSubstr(R"("traceId":"00000000000000000000000000000abc")"));
  EXPECT_THAT(body, HasSubstr(R"("kind":2)"));
  ExpectError("/api/v3/traces/ff", 404, "No traces found");
  EXPECT_EQ(Get("/api/v3/traces/nothex").status, 400);
}

TEST_F(V3ApiTest, FindTraces) {
  const std::string search = std::string("/api/v3/traces?") + kTimes;
  EXPECT_THAT(Body(search + "&query.serviceName=web"),
              HasSubstr(R"({"result":{"resourceSpans":[{)"));
  ExpectError(search + "&query.serviceName=absent", 404, "No traces found");
}

TEST_F(V3ApiTest, Summaries) {
  const std::string search = std::string("/api/v3/trace-summaries?") + kTimes;
  for (const char* rest :
       {"", "&query.serviceName=db&query.operationName=query", "&query.durationMin=1ms",
        "&query.attributes=%7B%22rows%22%3A%225%22%2C%22error%22%3A%22true%22%7D",
        "&query.searchDepth=5", "&query.num_traces=5"}) {
    EXPECT_EQ(Body(search + rest), kSummaries) << rest;
  }
  for (const char* rest : {"&query.serviceName=x", "&query.durationMax=1ns"}) {
    EXPECT_EQ(Body(search + rest), R"({"summaries":[]})") << rest;
  }
}

TEST_F(V3ApiTest, SnakeCaseAndUnencodedTimes) {
  EXPECT_EQ(Body("/api/v3/trace-summaries?query.service_name=db&query.operation_name=query"
                 "&query.start_time_min=2023-11-14T23:00:00+01:00"
                 "&query.start_time_max=2023-11-15T00:00:00.000000001+01:00"
                 "&query.duration_min=1ms&query.search_depth=3"),
            kSummaries);
}

TEST_F(V3ApiTest, PostBindings) {
  const net::Response response = Send(MakeRequest("POST", "/api/v3/trace-summaries", R"({"query":{
      "serviceName":"db","startTimeMin":"2023-11-14T22:00:00Z","startTimeMax":"2023-11-14T23:00:00Z",
      "attributes":{"rows":"5"},"searchDepth":10}})"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, kSummaries);
  EXPECT_EQ(Send(MakeRequest("POST", "/api/v3/traces", "[]")).status, 400);
  EXPECT_EQ(Send(MakeRequest("POST", "/api/v3/services", "{}")).status, 405);
}

TEST_F(V3ApiTest, BadRequests) {
  const std::string search = std::string("/api/v3/traces?") + kTimes;
  ExpectError("/api/v3/traces", 400, "query.startTimeMin is required");
  ExpectError("/api/v3/traces?query.startTimeMin=2023-11-14T22:00:00Z", 400,
              "query.startTimeMax is required");
  ExpectError("/api/v3/traces?query.startTimeMin=yesterday", 400,
              "malformed parameter query.startTimeMin: expected a time like 2026-08-20T10:00:00Z");
  ExpectError(
      "/api/v3/"
      "traces?query.startTimeMin=2023-11-14T22:00:00Z&query.startTimeMax=2023-11-14T22:00:00Z",
      400, "query.startTimeMin must be before query.startTimeMax");
  ExpectError(search + "&query.attributes=%5B%5D", 400,
              "malformed parameter query.attributes: expected a JSON object of strings");
  ExpectError(search + "&query.filter=%7B%7D", 400,
              "malformed parameter query.filter: structured filters are not enabled");
  ExpectError(search + "&query.searchDepth=1000000", 400,
              "malformed parameter query.searchDepth: expected a number up to 10000");
}

TEST_F(V3ApiTest, Dependencies) {
  EXPECT_EQ(
      Body("/api/v3/dependencies?startTime=2023-11-14T22:00:00Z&endTime=2023-11-14T23:00:00Z"),
      R"({"dependencies":[{"parent":"web","child":"db","callCount":"1"}]})");
  ExpectError("/api/v3/dependencies?startTime=2023-11-14T22:00:00Z", 400, "endTime is required");
}

}  // namespace
}  // namespace spandrel::api
