// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "api/tempo/tempo_hints.h"
#include "api/testing/api.h"
#include "proto/field_reader.h"

namespace spandrel::api {
namespace {

using conformance::TestArray;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = kTestNow - 60 * kSecond;

class TempoApiTest : public ApiTest {
 protected:
  TempoApiTest() : tempo_(service_.handler(Door::kTempo)) {
    Fill({{.trace = 0xAB,
           .span = 1,
           .service = "web",
           .name = "GET /",
           .start = kStart,
           .duration = 250'000'000,
           .kind = span::SpanKind::kServer,
           .attributes = {{"http.status_code", int64_t{500}}, {"a/b", std::string("x")}}},
          {.trace = 0xAB,
           .span = 2,
           .parent = 1,
           .service = "db",
           .name = "query",
           .start = kStart + 1'000,
           .duration = 1'000'000,
           .kind = span::SpanKind::kClient,
           .status = span::SpanStatus::kError,
           .attributes = {{"tags", TestArray{std::string("red"), std::string("blue")}},
                          {"ratio", 0.5},
                          {"cached", false}},
           .events = {{kStart + 2'000, "retry", {}}}}});
  }

  // Asked on the port of Tempo's API.
  net::Response Ask(std::string target, const std::string& accept = {}) {
    net::Request request = MakeRequest("GET", std::move(target));
    if (!accept.empty()) request.headers.emplace_back("accept", accept);
    const auto call = std::make_shared<TestCall>(std::move(request));
    tempo_(call);
    return call->Wait();
  }
  std::string BodyOf(const std::string& target) {
    const net::Response response = Ask(target);
    EXPECT_EQ(response.status, 200) << target << ": " << response.body;
    return response.body;
  }
  static std::string Q(const std::string& query) {
    std::string encoded;
    for (const char c : query) {
      char hex[4];
      std::snprintf(hex, sizeof(hex), "%%%02X", static_cast<unsigned char>(c));
      encoded += hex;
    }
    return encoded;
  }

  net::Handler tempo_;
};

TEST_F(TempoApiTest, SaysThatItIsThere) {
  EXPECT_EQ(BodyOf("/api/echo"), "echo\n");
  EXPECT_EQ(Ask("/ready").status, 200);
  EXPECT_EQ(BodyOf("/api/status/buildinfo"),
            R"({"version":"0.1.0","revision":"","branch":"","buildUser":"","buildDate":"",)"
            R"("goVersion":""})");
  EXPECT_EQ(Ask("/api/services").status, 404);
}

// What Grafana's data source reads of a search.
TEST_F(TempoApiTest, SearchesByTraceQl) {
  const std::string expected =
      R"({"traces":[{"traceID":"000000000000000000000000000000ab","rootServiceName":"web",)"
      R"("rootTraceName":"GET /","startTimeUnixNano":"1699999940000000000","durationMs":250,)"
      R"("spanSet":{"spans":[{"spanID":"0000000000000002","name":"query",)"
      R"("startTimeUnixNano":"1699999940000001000","durationNanos":"1000000","attributes":[)"
      R"({"key":"status","value":{"stringValue":"error"}},)"
      R"({"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"red"},)"
      R"({"stringValue":"blue"}]}}},{"key":"ratio","value":{"doubleValue":0.5}},)"
      R"({"key":"nestedSetLeft","value":{"intValue":"2"}},)"
      R"({"key":"event:name","value":{"stringValue":"retry"}}]}],"matched":1,)"
      R"x("attributes":[{"key":"count()","value":{"intValue":"1"}}]})x";
  const std::string body =
      BodyOf("/api/search?q=" + Q("{ status = error && name != `x` } | count() = 1 | "
                                  "select(span.tags, .ratio, nestedSetLeft, event:name)"));
  EXPECT_THAT(body, StartsWith(expected));
  EXPECT_THAT(body, HasSubstr(R"("serviceStats":{"db":{"spanCount":1,"errorCount":1},)"
                              R"("web":{"spanCount":1}}}],"metrics":{"inspectedTraces":1,)"));
  EXPECT_THAT(BodyOf("/api/search?q=" + Q("{ name = `nothing` }")),
              StartsWith(R"({"traces":[],"metrics":{)"));
  EXPECT_THAT(BodyOf("/api/search"), HasSubstr(R"("matched":2)"));
  EXPECT_THAT(BodyOf("/api/search?spss=1"), Not(HasSubstr("0000000000000002")));
  EXPECT_THAT(BodyOf("/api/search?q=" + Q("{} | rate()")), HasSubstr(R"("matched":2)"));
  EXPECT_THAT(BodyOf("/api/search?q=" + Q("{} | by(.ratio)")),
              HasSubstr(R"x({"key":"by(.ratio)","value":{"stringValue":"nil"}})x"));
}

TEST_F(TempoApiTest, SearchesByTags) {
  for (const char* found :
       {"tags=http.status_code%3D500", "tags=service.name%3Dweb%20name%3D%22GET%20%2F%22",
        "tags=error%3Dtrue", "minDuration=200ms&maxDuration=300ms", "tags=root.service.name%3Dweb",
        "tags=cached%3Dfalse%20ratio%3D0.5", "start=1699999940&end=1699999941"}) {
    EXPECT_THAT(BodyOf("/api/search?" + std::string(found)), HasSubstr("ab")) << found;
  }
  for (const char* missed : {"tags=http.status_code%3D50", "minDuration=300ms", "tags=x%3Dy",
                             "start=1699999941&end=1699999942"}) {
    EXPECT_THAT(BodyOf("/api/search?" + std::string(missed)), HasSubstr(R"({"traces":[],)"))
        << missed;
  }
}

TEST_F(TempoApiTest, RefusesInPlainText) {
  for (const auto& [target, message] : std::vector<std::pair<std::string, std::string>>{
           {"q=" + Q("{ .a == 1 }"), "1:6: '==' is not an operator; did you mean '='?"},
           {"q=" + Q("{ .a =~ `[` }"), "missing ]"},
           {"limit=0", "limit"},
           {"limit=-1", "limit"},
           {"limit=262145", "limit"},
           {"spss=x", "spss"},
           {"start=1", "end: missing beside the other"},
           {"start=2&end=1", "end: is before start"},
           {"start=now&end=1", "start: expected seconds"},
           {"tags=a%3D%22b", "tags: the quoted text does not end"},
           {"minDuration=1q", "minDuration"},
           {"q=%7B%7D&tags=a%3Db", "q: not beside tags"}}) {
    const net::Response response = Ask("/api/search?" + target);
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_THAT(response.body, HasSubstr(message)) << target;
    EXPECT_THAT(net::FindHeader(response.headers, "content-type"), StartsWith("text/plain"));
  }
}

// As Grafana reads them: 64-bit numbers as texts, no field that it does not know.
TEST_F(TempoApiTest, AnswersSeries) {
  const std::string range = "&start=1699999900&end=1699999960&step=30";
  EXPECT_THAT(
      BodyOf("/api/metrics/query_range?q=" + Q("{} | count_over_time() by(kind)") + range),
      StartsWith(R"({"series":[{"labels":[{"key":"kind","value":{"stringValue":"client"}}],)"
                 R"("samples":[{"timestampMs":"1699999890000","value":0.0},)"
                 R"({"timestampMs":"1699999920000","value":0.0},)"
                 R"({"timestampMs":"1699999950000","value":1.0},)"
                 R"({"timestampMs":"1699999980000","value":0.0}]},)"
                 R"({"labels":[{"key":"kind","value":{"stringValue":"server"}}],)"));
  EXPECT_THAT(
      BodyOf("/api/metrics/query_range?q=" + Q("{} | max_over_time(duration)") + range +
             "&exemplars=1"),
      StartsWith(
          R"({"series":[{"labels":[{"key":"__name__","value":{"stringValue":"max_over_time"}}],)"
          R"("samples":[{"timestampMs":"1699999950000","value":0.25}],"exemplars":[{"labels":)"
          R"([{"key":"trace:id","value":{"stringValue":"000000000000000000000000000000ab"}}],)"));
  EXPECT_THAT(
      BodyOf("/api/metrics/query?q=" + Q("{} | rate()") + "&start=1699999900&end=1700000000"),
      StartsWith(R"({"series":[{"labels":[{"key":"__name__","value":)"
                 R"({"stringValue":"rate"}}],"value":0.02}],"metrics":{)"));
  for (const char* form :
       {"since=5m&step=1m", "start=1699999900.5&end=1699999960.25", "step=15s&since=2m",
        "start=2023-11-14T22:11:40Z&end=2023-11-14T22:12:40Z",
        "start=1699999900000000000&end=1699999960000000000"}) {
    EXPECT_THAT(BodyOf("/api/metrics/query_range?q=" + Q("{} | rate()") + "&" + form),
                HasSubstr("\"value\":0."))
        << form;
  }
}

TEST_F(TempoApiTest, HintsAskForExemplarsOrAreNoted) {
  const std::string range = "&start=1699999900&end=1699999960&step=30";
  const auto ask = [&](const std::string& hints, const std::string& more = "") {
    return Ask("/api/metrics/query_range?q=" + Q("{} | rate() with (" + hints + ")") + range +
               more);
  };
  const auto note_of = [](const net::Response& response) {
    return std::string(net::FindHeader(response.headers, kNoteHeader));
  };
  EXPECT_THAT(ask("exemplars=true").body, HasSubstr("exemplars"));
  EXPECT_THAT(ask("exemplars=1").body, HasSubstr("exemplars"));
  EXPECT_THAT(ask("exemplars=false", "&exemplars=1").body, Not(HasSubstr("exemplars")));
  EXPECT_EQ(note_of(ask("exemplars=1")), "");
  EXPECT_EQ(note_of(ask("sample=0.1")),
            "hint 'sample' does nothing: nothing is sampled, answers are exact");
  EXPECT_EQ(note_of(ask("exemplar=true")),
            "hint 'exemplar' is not known; did you mean 'exemplars'?");
  EXPECT_EQ(note_of(Ask("/api/search?q=" + Q("{} with (most_recent=true, x=1)"))),
            "hint 'most_recent' does nothing: the newest are always first. hint 'x' is not known");
  EXPECT_EQ(ask("exemplars=`a`").status, 400);
  EXPECT_EQ(ask("exemplars=-1").status, 400);
}

TEST_F(TempoApiTest, RefusesSeriesThatCannotBe) {
  for (const auto& [target, message] : std::vector<std::pair<std::string, std::string>>{
           {"q=" + Q("{}"), "q: expected a query of metrics"},
           {"q=" + Q("{} | rate("), "1:11: expected ')'"},
           {"q=" + Q("{} && {} | compare({})"), "compare() follows one filter only"},
           {"q=" + Q("{} | rate() by(.a,.b,.c,.d,.e,.f)"), "group"},
           {"q=" + Q("{} | rate()") + "&step=0", "step: expected seconds"},
           {"q=" + Q("{} | rate()") + "&start=1&end=4000000000&step=1ns", "10000 points"},
           {"q=" + Q("{} | rate()") + "&start=5&end=5", "end: is not after start"},
           {"q=" + Q("{} | rate()") + "&start=5", "end: missing"},
           {"q=" + Q("{} | rate()") + "&start=x&end=y", "start: expected"},
           {"q=" + Q("{} | rate()") + "&exemplars=x", "exemplars"}}) {
    const net::Response response = Ask("/api/metrics/query_range?" + target);
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_THAT(response.body, HasSubstr(message)) << target;
  }
}

TEST_F(TempoApiTest, ListsNames) {
  EXPECT_THAT(BodyOf("/api/search/tags"),
              StartsWith(R"({"tagNames":["a/b","cached","http.status_code","ratio",)"
                         R"("service.name","tags"],"metrics":{)"));
  EXPECT_THAT(BodyOf("/api/v2/search/tags?limit=5000"),
              StartsWith(R"({"scopes":[{"name":"resource","tags":["service.name"]},)"
                         R"({"name":"span","tags":["a/b","cached","http.status_code","ratio",)"
                         R"("tags"]},{"name":"intrinsic","tags":["duration","event:name",)"));
  EXPECT_THAT(BodyOf("/api/v2/search/tags?scope=span&q=" + Q("{ status = error }")),
              StartsWith(R"({"scopes":[{"name":"span","tags":["cached","ratio","tags"]}],)"));
  EXPECT_THAT(BodyOf("/api/search/tags?scope=intrinsic"), HasSubstr("\"rootServiceName\""));
  EXPECT_THAT(BodyOf("/api/v2/search/tags?scope=link"), StartsWith(R"({"scopes":[],)"));
  EXPECT_EQ(Ask("/api/v2/search/tags?scope=x").status, 400);
}

TEST_F(TempoApiTest, ListsValues) {
  for (const auto& [target, wanted] : std::vector<std::pair<std::string, std::string>>{
           {"v2/search/tag/resource.service.name/values",
            R"([{"type":"string","value":"db"},{"type":"string","value":"web"}])"},
           {"v2/search/tag/span.http.status_code/values", R"([{"type":"int","value":"500"}])"},
           {"v2/search/tag/.ratio/values", R"([{"type":"float","value":"0.5"}])"},
           {"v2/search/tag/span.cached/values", R"([{"type":"bool","value":"false"}])"},
           {"v2/search/tag/span.a/b/values", R"([{"type":"string","value":"x"}])"},
           {"v2/search/tag/span.a%2Fb/values?tag=span.a%2Fb&limit=5000",
            R"([{"type":"string","value":"x"}])"},
           {"v2/search/tag/status/values",
            R"([{"type":"keyword","value":"error"},{"type":"keyword","value":"ok"},)"
            R"({"type":"keyword","value":"unset"}])"},
           {"v2/search/tag/name/values?q=" + Q("{ kind = server }"),
            R"([{"type":"string","value":"GET /"}])"},
           {"v2/search/tag/name/values?q=" + Q("{ kind = "),
            R"([{"type":"string","value":"GET /"},{"type":"string","value":"query"}])"},
           {"v2/search/tag/rootServiceName/values", R"([{"type":"string","value":"web"}])"},
           {"v2/search/tag/duration/values", "[]"},
           {"search/tag/service.name/values", R"(["db","web"])"},
           {"search/tag/http.status_code/values", R"(["500"])"}}) {
    EXPECT_THAT(BodyOf("/api/" + target), StartsWith(R"({"tagValues":)" + wanted)) << target;
  }
  EXPECT_EQ(Ask("/api/v2/search/tag/service.name/values").status, 400);
}

TEST_F(TempoApiTest, OldAndNewNamesAreOneQuestion) {
  const std::string query =
      Q("{ span.http.response.status_code >= 500 } | by(.http.response.status_code)");
  EXPECT_THAT(BodyOf("/api/search?q=" + query),
              HasSubstr(R"({"key":"http.response.status_code","value":{"intValue":"500"}})"));
  for (const char* exact : {"&exactNames=true", "&exactNames=1"}) {
    EXPECT_THAT(BodyOf("/api/search?q=" + query + exact), StartsWith(R"({"traces":[],)"));
  }
  EXPECT_EQ(Ask("/api/search?q=" + query + "&exactNames=x").status, 400);
  EXPECT_THAT(BodyOf("/api/search?tags=http.response.status_code%3D500"), HasSubstr("0ab"));
  EXPECT_THAT(BodyOf("/api/v2/search/tag/span.http.response.status_code/values"),
              StartsWith(R"({"tagValues":[{"type":"int","value":"500"}])"));
  EXPECT_THAT(BodyOf("/api/v2/search/tag/span.http.response.status_code/values?exactNames=true"),
              StartsWith(R"({"tagValues":[],)"));
  EXPECT_THAT(
      BodyOf("/api/metrics/query?q=" + Q("{} | count_over_time() by(.http.response.status_code)") +
             "&start=1699999900&end=1700000000"),
      HasSubstr(R"(http.response.status_code","value":{"intValue":"500"}})"));
  // Traces are shown as they were sent.
  EXPECT_THAT(BodyOf("/api/traces/ab"), HasSubstr("http.status_code"));
}

TEST_F(TempoApiTest, GivesTracesByIdInAnyForm) {
  const std::string v1 = BodyOf("/api/traces/ab");
  EXPECT_THAT(v1, StartsWith(R"({"batches":[{"resource":{"attributes":[)"));
  EXPECT_THAT(v1, HasSubstr(R"("traceId":"AAAAAAAAAAAAAAAAAAAAqw==","spanId":"AAAAAAAAAAE=")"));
  EXPECT_THAT(v1, HasSubstr(R"("kind":"SPAN_KIND_SERVER")"));
  EXPECT_THAT(v1, HasSubstr(R"("code":"STATUS_CODE_ERROR")"));
  const std::string v2 = BodyOf("/api/v2/traces/000000000000000000000000000000AB?start=1&end=2");
  EXPECT_EQ(v2, R"({"trace":{"resourceSpans")" + v1.substr(10) + R"(,"metrics":{}})");
  EXPECT_EQ(BodyOf("/api/v2/traces/ac"), R"({"trace":{},"metrics":{}})");
  EXPECT_EQ(Ask("/api/traces/ac").status, 404);
  for (const char* id : {"xyz", "0", "123456789012345678901234567890123"}) {
    EXPECT_EQ(Ask("/api/v2/traces/" + std::string(id)).status, 400) << id;
    EXPECT_EQ(Ask("/api/traces/" + std::string(id)).status, 400) << id;
  }
}

TEST_F(TempoApiTest, GivesTracesAsProtobuf) {
  const net::Response v1 = Ask("/api/traces/ab", "application/protobuf");
  EXPECT_EQ(net::FindHeader(v1.headers, "content-type"), "application/protobuf");
  const auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::string(v1.body)));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->chunk->spans.size(), 2U);
  std::string_view v2 = Ask("/api/v2/traces/ab", "application/protobuf").body;
  const std::string held(Ask("/api/v2/traces/ab", "application/protobuf").body);
  v2 = held;
  proto::Field field;
  ASSERT_TRUE(proto::NextField(&v2, &field));
  EXPECT_EQ(field.number, 1U);
  EXPECT_EQ(field.bytes, v1.body);
  // A trace that is not there is there, and empty.
  EXPECT_EQ(Ask("/api/v2/traces/ac", "application/protobuf").body, std::string("\x0A\0", 2));
}

TEST_F(TempoApiTest, GivesTracesAsTextForModels) {
  const net::Response response = Ask("/api/v2/traces/ab", "application/vnd.grafana.llm");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(net::FindHeader(response.headers, "content-type"), "application/vnd.grafana.llm");
  EXPECT_THAT(response.body, StartsWith("trace 000000000000000000000000000000ab"));
  EXPECT_THAT(response.body, HasSubstr("query"));
  EXPECT_EQ(Ask("/api/v2/traces/1234", "application/vnd.grafana.llm").status, 404);
}

// The query port has Jaeger's API too.
TEST_F(TempoApiTest, IsOnTheQueryPortByWhatIsAccepted) {
  EXPECT_THAT(Body("/api/search"), HasSubstr("\"traces\""));
  EXPECT_THAT(Body("/api/traces/ab"), StartsWith(R"({"data":[)"));
  net::Request request = MakeRequest("GET", "/api/traces/ab");
  request.headers.emplace_back("accept", "application/protobuf");
  EXPECT_EQ(net::FindHeader(Send(std::move(request)).headers, "content-type"),
            "application/protobuf");
}

}  // namespace
}  // namespace spandrel::api
