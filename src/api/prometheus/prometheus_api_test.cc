// SPDX-License-Identifier: Apache-2.0
#include "api/prometheus/prometheus_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "api/testing/api.h"

namespace spandrel::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = kTestNow - 60 * kSecond;

class PrometheusApiTest : public ApiTest {
 protected:
  PrometheusApiTest() {
    Fill({{.trace = 1,
           .span = 1,
           .service = "web",
           .name = "GET /\"x\"",
           .start = kStart,
           .duration = 250'000'000,
           .kind = span::SpanKind::kServer},
          {.trace = 1,
           .span = 2,
           .parent = 1,
           .service = "web",
           .name = "get",
           .start = kStart,
           .duration = 240'000'000,
           .kind = span::SpanKind::kClient},
          {.trace = 1,
           .span = 3,
           .parent = 2,
           .service = "shop",
           .name = "get",
           .start = kStart + kSecond,
           .duration = 200'000'000,
           .kind = span::SpanKind::kServer,
           .status = span::SpanStatus::kError}});
  }

  static std::string Seconds(uint64_t unix_nano) { return std::to_string(unix_nano / kSecond); }
  static std::string QueryPath(std::string_view query, std::string_view path = "/api/v1/query") {
    return std::string(path) + "?query=" + net::PercentEncode(query);
  }
  std::string Query(std::string_view query) { return Body(QueryPath(query)); }
  std::string Range(std::string_view query) {
    return Body(QueryPath(query, "/api/v1/query_range") +
                "&start=" + Seconds(kStart - 10 * kSecond) +
                "&end=" + Seconds(kStart + 10 * kSecond) + "&step=10s");
  }
  net::Response PostForm(std::string path, std::string form) {
    net::Request request = MakeRequest("POST", std::move(path), std::move(form));
    request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=UTF-8"}};
    return Send(std::move(request));
  }
  static std::string Success(const std::string& data) {
    return R"({"status":"success","data":)" + data + "}";
  }
};

TEST_F(PrometheusApiTest, InstantQueries) {
  const std::string now = Seconds(kTestNow);
  EXPECT_EQ(Query("1+1"), Success(R"({"resultType":"scalar","result":[)" + now + R"(,"2"]})"));
  EXPECT_EQ(Query("'a'"), Success(R"({"resultType":"string","result":[)" + now + R"(,"a"]})"));
  EXPECT_EQ(Query("sum by (service) (rate(traces_spanmetrics_calls_total[100s]))"),
            Success(R"({"resultType":"vector","result":[)"
                    R"({"metric":{"service":"shop"},"value":[)" +
                    now +
                    R"(,"0.01"]},)"
                    R"({"metric":{"service":"web"},"value":[)" +
                    now + R"(,"0.02"]}]})"));
  EXPECT_EQ(Query("up"), Success(R"({"resultType":"vector","result":[]})"));
  EXPECT_THAT(Query("sum by (span_name) (traces_spanmetrics_calls_total)"),
              HasSubstr(R"("GET /\"x\"")"));
  EXPECT_THAT(Query("vector(0)/0 or vector(1)"), HasSubstr(R"("NaN"])"));
  EXPECT_THAT(Query("1e-9"), HasSubstr(R"("0.000000001"])"));
  EXPECT_THAT(
      Body(QueryPath("sum(traces_spanmetrics_calls_total)") + "&time=" + Seconds(kStart) + ".5"),
      HasSubstr(Seconds(kStart) + R"(.500,"2"])"));
}

TEST_F(PrometheusApiTest, RangeQueries) {
  const std::string before = Seconds(kStart - 10 * kSecond);
  const std::string at = Seconds(kStart);
  const std::string after = Seconds(kStart + 10 * kSecond);
  EXPECT_EQ(Range("sum(increase(traces_spanmetrics_calls_total[10s]))"),
            Success(R"({"resultType":"matrix","result":[{"metric":{},"values":[[)" + before +
                    R"(,"0"],[)" + at + R"(,"2"],[)" + after + R"(,"1"]]}]})"));
  EXPECT_EQ(Range("sum(traces_spanmetrics_calls_total)"),
            Success(R"({"resultType":"matrix","result":[{"metric":{},"values":[[)" + at +
                    R"(,"2"],[)" + after + R"(,"3"]]}]})"));
  EXPECT_EQ(Range("2"),
            Success(R"({"resultType":"matrix","result":[{"metric":{},"values":[[)" + before +
                    R"(,"2"],[)" + at + R"(,"2"],[)" + after + R"(,"2"]]}]})"));
}

TEST_F(PrometheusApiTest, ServiceGraph) {
  EXPECT_THAT(Query("sum by (client, server) (increase(traces_service_graph_request_total[1h]))"),
              HasSubstr(R"({"metric":{"client":"web","server":"shop"},"value":[)"));
  EXPECT_THAT(Query("traces_service_graph_request_failed_total"),
              HasSubstr(R"({"metric":{"__name__":"traces_service_graph_request_failed_total",)"
                        R"("client":"web","server":"shop"})"));
}

TEST_F(PrometheusApiTest, NativeHistograms) {
  const std::string body = Query("sum(increase(traces_spanmetrics_latency{service='shop'}[1h]))");
  EXPECT_THAT(body, HasSubstr(R"("histogram":[)"));
  EXPECT_THAT(body, HasSubstr(R"({"count":"1","sum":"0.2","buckets":[[0,"0.1)"));
  EXPECT_THAT(Range("sum(increase(traces_spanmetrics_latency[10s]))"),
              HasSubstr(R"("histograms":[[)"));
}

TEST_F(PrometheusApiTest, FormsMayBePosted) {
  const net::Response response = PostForm(
      "/api/v1/query", "query=sum%28traces_spanmetrics_calls_total%29&time=" + Seconds(kTestNow));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("3"])"));
  EXPECT_THAT(PostForm("/api/v1/series?match[]=traces_spanmetrics_calls_total", "").body,
              HasSubstr(R"("service":"shop")"));
  EXPECT_THAT(PostForm("/api/v1/labels", "match[]=traces_spanmetrics_calls_total").body,
              HasSubstr(R"("data":["__name__","service","span_kind","span_name","status_code"])"));
  // Another kind of body is no form.
  EXPECT_EQ(Send(MakeRequest("POST", "/api/v1/query", "query=1")).status, 400);
}

TEST_F(PrometheusApiTest, ListsSeriesLabelsAndValues) {
  EXPECT_EQ(Body("/api/v1/series?match[]=traces_service_graph_request_total"),
            Success(R"([{"__name__":"traces_service_graph_request_total","client":"user",)"
                    R"("connection_type":"virtual_node","server":"web"},)"
                    R"({"__name__":"traces_service_graph_request_total","client":"web",)"
                    R"("server":"shop"}])"));
  const std::string later = "&start=" + Seconds(kTestNow - 10 * kSecond);
  EXPECT_EQ(Body("/api/v1/series?match[]=traces_service_graph_request_total" + later),
            Success("[]"));
  EXPECT_EQ(Body("/api/v1/label/service/values"), Success(R"(["shop","web"])"));
  EXPECT_EQ(Body("/api/v1/label/service/values?match[]=%7Bspan_kind%3D%22SPAN_KIND_CLIENT%22%7D"),
            Success(R"(["web"])"));
  EXPECT_EQ(Body("/api/v1/label/client/values?match[]=traces_service_graph_request_total"),
            Success(R"(["user","web"])"));
  EXPECT_EQ(Body("/api/v1/label/nothing/values"), Success("[]"));
  EXPECT_EQ(Body("/api/v1/label/service/values?limit=1"),
            R"({"status":"success","data":["shop"],)"
            R"("warnings":["results truncated due to limit"]})");
  EXPECT_THAT(Body("/api/v1/label/__name__/values"), HasSubstr("traces_spanmetrics_latency_sum"));
  EXPECT_THAT(Body("/api/v1/label/le/values"), HasSubstr(R"("+Inf")"));
  EXPECT_THAT(Body("/api/v1/labels"), HasSubstr(R"("connection_type")"));
}

TEST_F(PrometheusApiTest, SaysWhatItIs) {
  EXPECT_THAT(
      Body("/api/v1/status/buildinfo"),
      StartsWith(R"({"status":"success","data":{"version":"2.55.0","revision":"spandrel )"));
  EXPECT_EQ(Body("/api/v1/rules"), Success(R"({"groups":[]})"));
  EXPECT_EQ(Body("/api/v1/metadata?metric=traces_spanmetrics_calls_total"),
            Success(R"({"traces_spanmetrics_calls_total":[{"type":"counter","help":"Spans.",)"
                    R"("unit":""}]})"));
  EXPECT_THAT(Body("/api/v1/metadata"), Not(HasSubstr("latency_bucket")));
}

TEST_F(PrometheusApiTest, ErrorsAreThoseOfPrometheus) {
  for (const auto& [target, error] : {
           std::pair(QueryPath("sum("),
                     R"("bad_data","error":"invalid parameter \"query\": 1:5: expected)"),
           std::pair(QueryPath("irate(a[5m])"),
                     R"("bad_data","error":"invalid parameter \"query\")"),
           std::pair(QueryPath("rate(traces_spanmetrics_calls_total[90y])"),
                     R"("bad_data","error":"1:6: a range begins before 1970")"),
           std::pair(QueryPath("1") + "&time=x", R"(invalid parameter \"time\")"),
           std::pair(QueryPath("1") + "&limit=x", R"(invalid parameter \"limit\")"),
           std::pair(QueryPath("1", "/api/v1/query_range"), R"(invalid parameter \"start\")"),
           std::pair(QueryPath("1", "/api/v1/query_range") + "&start=2&end=1&step=1",
                     R"(invalid parameter \"end\": is before start)"),
           std::pair(QueryPath("1", "/api/v1/query_range") + "&start=1&end=2&step=0",
                     R"(invalid parameter \"step\")"),
           std::pair(QueryPath("1", "/api/v1/query_range") + "&start=1&end=200000&step=1",
                     R"(makes more than 11000 points)"),
           std::pair(QueryPath("'a'", "/api/v1/query_range") + "&start=1&end=2&step=1",
                     R"(a text has no values)"),
           std::pair(std::string("/api/v1/series"), R"(no match[] parameter provided)"),
           std::pair(std::string("/api/v1/series?match[]=a%2Bb"),
                     R"(expected a metric with labels)"),
       }) {
    const net::Response response = Get(target);
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_THAT(response.body, StartsWith(R"({"status":"error","errorType":"bad_data")")) << target;
    EXPECT_THAT(response.body, HasSubstr(error)) << target;
  }
}

TEST_F(PrometheusApiTest, IsOnTemposPortToo) {
  const auto tempo = service_.handler(Door::kTempo);
  const auto call = std::make_shared<TestCall>(MakeRequest("GET", QueryPath("1+1")));
  tempo(call);
  EXPECT_THAT(call->Wait().body, HasSubstr(R"("2"])"));
}

// The clock of the test stands still, so nothing has begun since.
TEST_F(PrometheusApiTest, ScrapesCountFromTheStartOn) {
  const net::Response response = Get("/metrics/spans");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(net::FindHeader(response.headers, "content-type"),
            "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("# TYPE traces_spanmetrics_calls_total counter\n"));
  EXPECT_THAT(response.body, Not(HasSubstr("shop")));
}

}  // namespace
}  // namespace spandrel::api
