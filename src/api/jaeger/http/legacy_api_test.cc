// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/testing/api.h"

namespace spandrel::api {
namespace {

using conformance::TestSpan;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kMinuteAgo = kTestNow - 60'000'000'000;

class LegacyApiTest : public ApiTest {
 protected:
  void SetUp() override {
    TestSpan root;
    root.trace = 0xabc;
    root.start = kMinuteAgo + 1'999;
    root.duration = 3'000'000;
    root.service = "front end/x";
    root.name = "GET /";
    root.kind = span::SpanKind::kServer;
    root.attributes = {{"http.status", int64_t{200}}};
    TestSpan child = root;
    child.span = 2;
    child.parent = 1;
    child.service = "db";
    child.name = "query";
    child.kind = span::SpanKind::kUnspecified;
    child.status = span::SpanStatus::kError;
    child.attributes = {};
    TestSpan other = child;
    other.trace = 0xdef;
    other.parent = 0;
    other.status = span::SpanStatus::kUnset;
    other.start += 1'000'000;
    Fill({root, child, other});
  }

  void ExpectError(const std::string& target, int status, const std::string& message) {
    const net::Response response = Get(target);
    EXPECT_EQ(response.status, status) << target;
    EXPECT_EQ(net::FindHeader(response.headers, "content-type"), "text/plain; charset=utf-8");
    EXPECT_EQ(response.body, R"({"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":)" +
                                 std::to_string(status) + R"(,"msg":")" + message + "\"}]}\n");
  }
  size_t CountTraces(const std::string& target) {
    const std::string body = Body(target);
    size_t count = 0;
    for (size_t at = 0; (at = body.find("\"processes\":", at)) != std::string::npos; ++at) ++count;
    return count;
  }
};

TEST_F(LegacyApiTest, ServicesAndOperations) {
  EXPECT_EQ(Body("/api/services"),
            R"({"data":["db","front end/x"],"total":2,"limit":0,"offset":0,"errors":null})");
  EXPECT_EQ(Body("/api/services/front%20end%2Fx/operations"),
            R"({"data":["GET /"],"total":1,"limit":0,"offset":0,"errors":null})");
  EXPECT_EQ(Body("/api/services/front%2Bend%252Fx/operations"),
            R"({"data":["GET /"],"total":1,"limit":0,"offset":0,"errors":null})");
  EXPECT_EQ(Body("/api/services/absent/operations"),
            R"({"data":[],"total":0,"limit":0,"offset":0,"errors":null})");
  EXPECT_EQ(
      Body("/api/operations?service=db"),
      R"({"data":[{"name":"query","spanKind":""}],"total":1,"limit":0,"offset":0,"errors":null})");
  EXPECT_EQ(Body("/api/operations?service=front%20end/x&spanKind=client"),
            R"({"data":[],"total":0,"limit":0,"offset":0,"errors":null})");
  ExpectError("/api/operations", 400, "parameter 'service' is required");
}

TEST_F(LegacyApiTest, PrettyPrintIndents) {
  EXPECT_THAT(Body("/api/services?prettyPrint=true"),
              HasSubstr("{\n    \"data\": [\n        \"db\","));
  EXPECT_THAT(Body("/api/services?prettyPrint=false"), HasSubstr("{\"data\":["));
}

TEST_F(LegacyApiTest, TraceById) {
  const std::string body = Body("/api/traces/abc");
  EXPECT_THAT(body, HasSubstr(R"({"data":[{"traceID":"0000000000000abc","spans":[{)"));
  EXPECT_THAT(body, HasSubstr(R"("startTime":1699999940000001,"duration":3000)"));
  EXPECT_THAT(body, HasSubstr(R"("total":0,"limit":0,"offset":0,"errors":null})"));
  EXPECT_EQ(Body("/api/traces/00000000000000000000000000000abc?start=1&end=2"), body);
  EXPECT_EQ(Body("/api/traces/AAAAAAAAAAAAAAAAAAAKvA=="), body);
  ExpectError("/api/traces/ff", 404, "trace not found");
  ExpectError("/api/traces/xyz", 400,
              "trace id: expected up to 32 hexadecimal digits or base64 of 16 bytes");
}

TEST_F(LegacyApiTest, TracesByIdsReportTheMissing) {
  const std::string body = Body("/api/traces?traceID=abc&traceID=ff&traceID=def");
  EXPECT_THAT(
      body,
      HasSubstr(R"("errors":[{"code":404,"msg":"trace not found","traceID":"00000000000000ff"}])"));
  EXPECT_EQ(CountTraces("/api/traces?traceID=abc&traceID=ff&traceID=def"), 2U);
}

TEST_F(LegacyApiTest, Search) {
  EXPECT_EQ(CountTraces("/api/traces"), 2U);
  EXPECT_EQ(CountTraces("/api/traces?service=db&limit=1"), 1U);
  EXPECT_EQ(
      CountTraces("/api/traces?service=db&operation=query&tags=%7B%22error%22%3A%22true%22%7D"),
      1U);
  EXPECT_EQ(CountTraces("/api/traces?tag=http.status:200&minDuration=3ms&maxDuration=3ms"), 1U);
  EXPECT_EQ(CountTraces("/api/traces?start=1699999940000000&end=1699999940000002"), 1U);
  EXPECT_EQ(Body("/api/traces?service=absent"),
            R"({"data":[],"total":0,"limit":0,"offset":0,"errors":null})");
  ExpectError("/api/traces?start=x", 400, "unable to parse param 'start': expected a number");
  ExpectError("/api/traces?tag=nocolon", 400,
              "unable to parse param 'tag': malformed, expecting key:value");
  ExpectError("/api/traces?tags=%7B", 400,
              "unable to parse param 'tags': expected a JSON object of strings");
  ExpectError("/api/traces?minDuration=2s&maxDuration=1s", 400,
              "'maxDuration' should be greater than 'minDuration'");
  EXPECT_EQ(Get("/api/traces?limit=0").status, 400);
  EXPECT_EQ(Get("/api/traces?minDuration=fast").status, 400);
}

TEST_F(LegacyApiTest, SearchesByOldAndNewNames) {
  Fill({{.trace = 0x123, .start = kMinuteAgo, .attributes = {{"db.system", std::string("redis")}}},
        {.trace = 0x124,
         .start = kMinuteAgo,
         .attributes = {{"db.system.name", std::string("redis")}}}});
  const std::string range = "&start=" + std::to_string(kMinuteAgo / 1000 - 1000) +
                            "&end=" + std::to_string(kTestNow / 1000);
  for (const char* key : {"db.system", "db.system.name"}) {
    const std::string target =
        fmt::format("/api/traces?service=svc&tags=%7B%22{}%22%3A%22redis%22%7D", key) + range;
    EXPECT_EQ(CountTraces(target), 2U) << key;
    EXPECT_EQ(CountTraces(target + "&exactNames=true"), 1U) << key;
    EXPECT_THAT(Body(target), HasSubstr(R"("key":"db.system","type")"));
    EXPECT_THAT(Body(target), HasSubstr(R"("key":"db.system.name","type")"));
  }
}

TEST_F(LegacyApiTest, Dependencies) {
  EXPECT_EQ(Body("/api/dependencies?endTs=1700000000000&lookback=604800000"),
            R"({"data":[{"parent":"front end/x","child":"db","callCount":1}],)"
            R"("total":0,"limit":0,"offset":0,"errors":null})");
  EXPECT_EQ(Body("/api/dependencies?service=absent"),
            R"({"data":[],"total":0,"limit":0,"offset":0,"errors":null})");
  ExpectError("/api/dependencies?lookback=-1", 400,
              "unable to parse param 'lookback': expected a number");
}

TEST_F(LegacyApiTest, ServicesWithOddNamesHaveTheirOperations) {
  TestSpan plus;
  plus.service = "a+b";
  plus.name = "of plus";
  TestSpan percent;
  percent.service = "a%20b";
  percent.name = "of percent";
  TestSpan blank;
  blank.service = "c d";
  blank.name = "of blank";
  Fill({plus, percent, blank});
  EXPECT_THAT(Body("/api/services/a+b/operations"), HasSubstr("\"of plus\""));
  EXPECT_THAT(Body("/api/services/a%2Bb/operations"), HasSubstr("\"of plus\""));
  EXPECT_THAT(Body("/api/services/a%2520b/operations"), HasSubstr("\"of percent\""));
  EXPECT_THAT(Body("/api/services/c+d/operations"), HasSubstr("\"of blank\""));
}

TEST_F(LegacyApiTest, SharedIdsAreSeparateUnlessTheTraceIsRaw) {
  TestSpan client;
  client.trace = 0x77;
  client.kind = span::SpanKind::kClient;
  TestSpan server = client;
  server.service = "other";
  server.kind = span::SpanKind::kServer;
  server.start += 5;
  Fill({client, server});
  for (const std::string target :
       {"/api/traces/77?", "/api/traces?traceID=77&", "/api/traces?start=0&service=other&"}) {
    const std::string adjusted = Body(target + "raw=false");
    EXPECT_EQ(Body(target.substr(0, target.size() - 1)), adjusted);
    EXPECT_THAT(adjusted, HasSubstr("\"spanID\":\"0000000000000002\""));
    EXPECT_THAT(adjusted, HasSubstr("\"warnings\":[\"this server span"));
    const std::string raw = Body(target + "raw=true");
    EXPECT_THAT(raw, Not(HasSubstr("0000000000000002")));
    EXPECT_THAT(raw, Not(HasSubstr("this server span")));
    EXPECT_EQ(Get(target + "raw=maybe").status, 400);
  }
}

TEST_F(LegacyApiTest, TransformShowsWhatIsNotStored) {
  const std::string one = R"({"resourceSpans":[{"scopeSpans":[{"spans":[
      {"traceId":"000000000000000000000000000000a1","spanId":"0000000000000001","name":"x"},
      {"traceId":"000000000000000000000000000000a2","spanId":"0000000000000002","name":"y"},
      {"traceId":"000000000000000000000000000000a1","spanId":"0000000000000003","name":"z"}]}]}]})";
  const net::Response answer = Send(MakeRequest("POST", "/api/transform", one));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"({"data":[{"traceID":"00000000000000a1","spans":[)"));
  EXPECT_THAT(answer.body, HasSubstr(R"({"traceID":"00000000000000a2","spans":[)"));
  EXPECT_EQ(Get("/api/traces/a1").status, 404);
  EXPECT_EQ(Send(MakeRequest("POST", "/api/transform", "{")).status, 400);
}

TEST_F(LegacyApiTest, TransformedTracesHaveTheirOwnProcesses) {
  std::string document = R"({"resourceSpans":[)";
  for (int i = 1; i <= 3; ++i) {
    if (i > 1) document += ",";
    document += fmt::format(R"({{"resource":{{"attributes":[
        {{"key":"service.name","value":{{"stringValue":"s{0}"}}}}]}},
      "scopeSpans":[{{"scope":{{"name":"c{0}"}},"spans":[
        {{"traceId":"000000000000000000000000000000a{0}","spanId":"0000000000000001"}},
        {{"traceId":"000000000000000000000000000000af","spanId":"000000000000000{0}"}}]}}]}})",
                            i);
  }
  const net::Response answer = Send(MakeRequest("POST", "/api/transform", document + "]}"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("processes":{"p1":{"serviceName":"s2","tags":[]}})"));
  EXPECT_THAT(answer.body,
              HasSubstr(R"("processes":{"p1":{"serviceName":"s1","tags":[]},"p2":{"serviceName":)"
                        R"("s2","tags":[]},"p3":{"serviceName":"s3","tags":[]}})"));
  EXPECT_THAT(answer.body, HasSubstr(R"("value":"c3")"));
}

TEST_F(LegacyApiTest, MetricsOfServices) {
  // One call of 3 ms in the ten minutes before the end.
  const std::string when = "&endTs=1700000000000&lookback=60000&step=60000&ratePer=600000";
  const std::string service = "service=front%20end/x";
  EXPECT_EQ(
      Body("/api/metrics/calls?" + service + when),
      R"({"name":"service_call_rate","type":"GAUGE","help":"calls/sec, grouped by service",)"
      R"("metrics":[{"labels":[{"name":"service_name","value":"front end/x"}],"metricPoints":[)"
      R"({"gaugeValue":{"doubleValue":0.0016666666666666668},"timestamp":"2023-11-14T22:13:20Z"}]}]})");
  const std::string errors = Body("/api/metrics/errors?groupByOperation=true&" + service + when);
  EXPECT_THAT(errors, HasSubstr("service_operation_error_rate"));
  EXPECT_THAT(errors, HasSubstr(R"({"name":"operation","value":"GET /"})"));
  EXPECT_THAT(errors, HasSubstr(R"({"doubleValue":0.0})"));
  const std::string latencies = Body("/api/metrics/latencies?quantile=0.95&" + service + when);
  EXPECT_THAT(latencies, HasSubstr("service_latencies"));
  EXPECT_THAT(latencies, HasSubstr(R"({"doubleValue":2.99)"));
  EXPECT_THAT(Body("/api/metrics/calls?service=db&spanKind=unspecified" + when),
              HasSubstr(R"("value":"db"})"));
  EXPECT_EQ(Body("/api/metrics/minstep"),
            R"({"data":1,"total":0,"limit":0,"offset":0,"errors":null})");
  ExpectError("/api/metrics/calls", 400, "please provide at least one service name");
  ExpectError("/api/metrics/latencies?service=x", 400,
              "unable to parse param 'quantile': expected a number from 0 to 1");
  ExpectError("/api/metrics/calls?service=x&spanKind=odd", 400,
              "unable to parse param 'spanKind': unsupported span kind: 'odd'");
  EXPECT_EQ(Get("/api/metrics/calls?service=x&step=1&lookback=600000").status, 400);
}

}  // namespace
}  // namespace spandrel::api
