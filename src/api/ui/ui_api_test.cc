// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "api/http/cursor_text.h"
#include "api/testing/api.h"
#include "api/ui/filter_parameters.h"

namespace spandrel::api {
namespace {

using conformance::TestSpan;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kMinuteAgo = kTestNow - 60'000'000'000;

TestSpan At(uint64_t trace, uint64_t span, uint64_t start, uint64_t duration) {
  TestSpan test_span;
  test_span.trace = trace;
  test_span.span = span;
  test_span.start = start;
  test_span.duration = duration;
  return test_span;
}

// A frontend that calls a customer service, which fails.
std::vector<TestSpan> Dispatch() {
  TestSpan root = At(0xabc, 1, kMinuteAgo, 3'000'000);
  root.service = "frontend";
  root.name = "GET /dispatch";
  root.kind = span::SpanKind::kServer;
  TestSpan child = At(0xabc, 2, kMinuteAgo + 1'000'000, 1'000'000);
  child.parent = 1;
  child.service = "customer";
  child.name = "query";
  child.status = span::SpanStatus::kError;
  child.attributes = {{"db.system", std::string("mysql")}};
  child.events = {{kMinuteAgo, "exception", {}}};
  child.links = {{5, 6, {}}};
  return {root, child};
}

constexpr const char* kDispatchId = "00000000000000000000000000000abc";

class UiApiTest : public ApiTest {
 protected:
  std::string Ui(const std::string& rest) { return Body("/api/ui/v1" + rest); }
  void ExpectError(const std::string& rest, int status, const std::string& text) {
    const net::Response response = Get("/api/ui/v1" + rest);
    EXPECT_EQ(response.status, status) << rest;
    EXPECT_THAT(response.body, HasSubstr("{\"error\":\"" + text)) << rest;
  }
};

TEST_F(UiApiTest, Status) {
  metrics_
      .AddCounter("otelcol_receiver_accepted_spans", {{"receiver", "otlp"}, {"transport", "grpc"}})
      .Add(7);
  metrics_
      .AddCounter("otelcol_receiver_accepted_spans",
                  {{"receiver", "jaeger"}, {"transport", "grpc"}})
      .Add(1);
  const std::string status = Ui("/status");
  EXPECT_THAT(status, HasSubstr(R"({"version":"0.1.0","acceptedSpans":"8","refusedSpans":"0",)"
                                R"("storedSpans":"12","storeBytes":"3456","dataDirectory":"/data",)"
                                R"("otlpGrpc":"127.0.0.1:4317","otlpHttp":"127.0.0.1:4318",)"
                                R"("nowNs":"1700000000000000000","metrics":[)"));
  EXPECT_THAT(status, HasSubstr(R"({"name":"otelcol_receiver_accepted_spans",)"
                                R"("labels":{"receiver":"otlp","transport":"grpc"},"value":7)"));
}

TEST_F(UiApiTest, StatusSaysHowComponentsAre) {
  base::HealthBoard board;
  const auto store = board.Add("store /data", [] {
    return base::Health{base::HealthLevel::kRefusing, "disk is full"};
  });
  Service service({store_, metrics_, *workers_, [] { return TestStatus(); }, {}, clock_, &board});
  const PoolEnd pool_end(workers_);
  const net::Handler handler = service.handler();
  const auto ask = [&handler](const std::string& target) {
    const auto call = std::make_shared<TestCall>(MakeRequest("GET", target));
    handler(call);
    return call->Wait();
  };
  EXPECT_THAT(ask("/api/ui/v1/status").body,
              HasSubstr(R"("health":[{"component":"store /data","level":"refusing",)"
                        R"("message":"disk is full"}])"));
  EXPECT_EQ(ask("/health").status, 200);
  EXPECT_EQ(ask("/ready").status, 503);
  EXPECT_EQ(ask("/ready/ingest").body, R"({"status":"refusing"})");
  EXPECT_EQ(ask("/ready/query").status, 200);
}

TEST_F(UiApiTest, NamesAndValues) {
  EXPECT_EQ(Ui("/services"), R"({"services":[]})");
  Fill(Dispatch());
  EXPECT_EQ(Ui("/services"), R"({"services":["customer","frontend"]})");
  EXPECT_EQ(Ui("/operations?service=frontend"),
            R"({"operations":[{"name":"GET /dispatch","kind":"server"}]})");
  EXPECT_THAT(Ui("/attributes"), HasSubstr(R"({"scope":"span","key":"db.system"})"));
  EXPECT_EQ(Ui("/attribute-values?scope=span&key=db.system"), R"({"values":["mysql"]})");
  EXPECT_EQ(Ui("/attribute-values?scope=span&key=db.system&service=frontend"), R"({"values":[]})");
  ExpectError("/attribute-values?scope=place&key=a", 400, "scope: expected");
  ExpectError("/attribute-values?scope=span", 400, "key: missing");
  ExpectError("/attributes?limit=0", 400, "limit: expected");
}

TEST_F(UiApiTest, SearchFindsSummaries) {
  Fill(Dispatch());
  EXPECT_EQ(
      Ui("/search?tags=error%3Dtrue+db.system%3Dmysql"),
      R"({"traces":[{"traceId":"00000000000000000000000000000abc","rootService":"frontend",)"
      R"("rootOperation":"GET /dispatch","rootKind":"server","startNs":"1699999940000000000",)"
      R"("durationNs":"3000000","spanCount":2,"errorCount":1,"orphanCount":0,"matchedCount":1,)"
      R"("services":[{"name":"customer","spanCount":1,"errorCount":1},)"
      R"({"name":"frontend","spanCount":1,"errorCount":0}]}]})");
  for (const char* miss :
       {"service=absent", "operation=absent", "kind=client", "status=ok", "minDuration=1s",
        "maxDuration=1ns", "to=now-10m&from=0", "tags=a%3Db"}) {
    EXPECT_EQ(Ui(std::string("/search?") + miss), R"({"traces":[]})") << miss;
  }
}

TEST_F(UiApiTest, OldAndNewNamesAreOneQuestion) {
  Fill(Dispatch());
  EXPECT_THAT(Ui("/search?tags=db.system.name%3Dmysql"), HasSubstr(kDispatchId));
  EXPECT_EQ(Ui("/search?tags=db.system.name%3Dmysql&exactNames=true"), R"({"traces":[]})");
  EXPECT_EQ(Ui("/attribute-values?scope=span&key=db.system.name"), R"({"values":["mysql"]})");
  EXPECT_EQ(Ui("/attribute-values?scope=span&key=db.system.name&exactNames=true"),
            R"({"values":[]})");
}

TEST_F(UiApiTest, SearchPagesThroughEverythingOnce) {
  std::vector<TestSpan> spans;
  for (uint64_t i = 1; i <= 25; ++i) spans.push_back(At(i, 1, kMinuteAgo + i / 3, 1000 + i / 4));
  Fill(spans);
  for (const std::string sort : {"newest", "slowest"}) {
    std::string cursor;
    size_t found = 0;
    size_t pages = 0;
    do {
      const std::string page = Ui("/search?limit=4&sort=" + sort + "&cursor=" + cursor);
      for (size_t at = 0; (at = page.find("traceId", at)) != std::string::npos; ++at) ++found;
      const size_t next = page.find("\"nextCursor\":\"");
      cursor = next == std::string::npos
                   ? ""
                   : page.substr(next + 14, page.find('"', next + 14) - next - 14);
      ++pages;
    } while (!cursor.empty() && pages < 20);
    EXPECT_EQ(found, 25U) << sort;
    EXPECT_EQ(pages, 7U) << sort;
  }
}

TEST_F(UiApiTest, BadFiltersSayWhatIsWrong) {
  ExpectError("/search?kind=servant", 400, "kind: expected");
  ExpectError("/search?status=bad", 400, "status: expected");
  ExpectError("/search?minDuration=fast", 400, "minDuration: ");
  ExpectError("/search?from=then", 400, "from: expected");
  ExpectError("/search?from=5&to=5", 400, "from: must be before to");
  ExpectError("/search?tags=%22open", 400, "tags: quote is not closed at position 1");
  ExpectError("/search?sort=oldest", 400, "sort: expected");
  ExpectError("/search?limit=100000", 400, "limit: expected");
  ExpectError("/search?cursor=x", 400, "cursor: ");
  ExpectError("/overview?columns=0", 400, "columns: expected");
  ExpectError("/dependencies?from=x", 400, "from: expected");
}

TEST_F(UiApiTest, CursorsBelongToTheirOrder) {
  const storage::Cursor cursor{42, conformance::TraceIdOf(7)};
  const std::string text = EncodeCursor(cursor, storage::Order::kNewest);
  const auto back = DecodeCursor(text, storage::Order::kNewest);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->key, 42U);
  EXPECT_EQ(back->trace_id, cursor.trace_id);
  EXPECT_FALSE(DecodeCursor(text, storage::Order::kSlowest).ok());
}

TEST_F(UiApiTest, Overview) {
  EXPECT_THAT(Ui("/overview?columns=2"),
              HasSubstr(R"("columns":2,"rowBoundsNs":[],"cells":[],"errors":[0,0]})"));
  Fill(Dispatch());
  const std::string overview = Ui("/overview?columns=2&from=now-2m");
  EXPECT_THAT(overview, HasSubstr(R"({"traceCount":"1","errorCount":"1","p50Ns":"29)"));
  EXPECT_THAT(overview, HasSubstr(R"("fromNs":"1699999880000000000","stepNs":"60000000000")"));
  EXPECT_THAT(overview, HasSubstr(R"("cells":[[1,0,1]],"errors":[0,1])"));
}

TEST_F(UiApiTest, Dependencies) {
  Fill(Dispatch());
  const std::string map = Ui("/dependencies");
  EXPECT_THAT(map,
              HasSubstr(R"({"services":[{"name":"customer","spanCount":"1","errorCount":"1",)"));
  EXPECT_THAT(map, HasSubstr(R"("calls":[{"parent":"frontend","child":"customer","callCount":"1",)"
                             R"("errorCount":"1","p50Ns":")"));
  EXPECT_EQ(Ui("/dependencies?to=now-10m"), R"({"services":[],"calls":[]})");
}

TEST_F(UiApiTest, TraceColumns) {
  Fill(Dispatch());
  const net::Response response = Get(std::string("/api/ui/v1/trace/") + kDispatchId);
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(net::FindHeader(response.headers, "content-type"), "application/vnd.spandrel.trace");
  const std::string& file = response.body;
  ASSERT_EQ(file.substr(0, 8), "SPNDTRC1");
  uint32_t header_size = 0;
  std::memcpy(&header_size, file.data() + 8, 4);
  EXPECT_EQ(file.substr(12, header_size),
            R"({"traceId":"00000000000000000000000000000abc","spanCount":2,)"
            R"("startNs":"1699999940000000000","durationNs":"3000000",)"
            R"("services":["frontend","customer"],"operations":["GET /dispatch","query"],)"
            R"("columns":{"start":{"type":"f64","offset":0},"duration":{"type":"f64","offset":16},)"
            R"("subtree":{"type":"u32","offset":32},"operation":{"type":"u32","offset":40},)"
            R"("service":{"type":"u16","offset":48},"depth":{"type":"u16","offset":56},)"
            R"("events":{"type":"u16","offset":64},"kind":{"type":"u8","offset":72},)"
            R"("flags":{"type":"u8","offset":80},"spanId":{"type":"u8","offset":88}}})");
  const size_t columns = (12 + header_size + 7) / 8 * 8;
  ASSERT_EQ(file.size(), columns + 88 + 16);
  const auto read = [&]<typename T>(T, size_t offset, size_t index) {
    T value;
    std::memcpy(&value, file.data() + columns + offset + index * sizeof(T), sizeof(T));
    return value;
  };
  EXPECT_EQ(read(double{}, 0, 1), 1e6);
  EXPECT_EQ(read(double{}, 16, 0), 3e6);
  EXPECT_EQ(read(uint32_t{}, 32, 0), 2U);
  EXPECT_EQ(read(uint32_t{}, 40, 1), 1U);
  EXPECT_EQ(read(uint16_t{}, 48, 1), 1U);
  EXPECT_EQ(read(uint16_t{}, 56, 1), 1U);
  EXPECT_EQ(read(uint16_t{}, 64, 1), 1U);
  EXPECT_EQ(read(uint8_t{}, 72, 0), 2U);
  EXPECT_EQ(read(uint8_t{}, 80, 0), 0U);
  EXPECT_EQ(read(uint8_t{}, 80, 1), 1U | 8U);
  EXPECT_EQ(file.substr(columns + 88), std::string("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2", 16));
}

TEST_F(UiApiTest, AChainMayBeAsDeepAsItIsLong) {
  constexpr uint64_t kSpans = 100'000;
  std::vector<TestSpan> chain;
  for (uint64_t i = 1; i <= kSpans; ++i) {
    chain.push_back({.trace = 0xabc, .span = i, .parent = i - 1, .start = kTestNow + i});
  }
  Fill(chain);
  const std::string trace = std::string("/api/ui/v1/trace/") + kDispatchId;
  const net::Response file = Get(trace);
  ASSERT_EQ(file.status, 200);
  EXPECT_THAT(file.body.substr(0, 100), HasSubstr("\"spanCount\":100000,"));
  EXPECT_THAT(Ui("/trace/abc/spans/186a0"), HasSubstr("00000000000186a0"));
  for (const std::string& path : {trace + "/otlp", std::string("/api/traces/") + kDispatchId,
                                  std::string("/api/v3/traces/") + kDispatchId}) {
    const net::Response all = Get(path);
    EXPECT_EQ(all.status, 200) << path;
    EXPECT_GT(all.body.size(), kSpans * 100) << path;
  }
}

TEST_F(UiApiTest, SpanDetails) {
  FillJson(R"({"resourceSpans":[{
    "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
    "schemaUrl":"https://r","scopeSpans":[{"scope":{"name":"lib","version":"1"},"schemaUrl":"https://s",
    "spans":[{"traceId":"000102030405060708090a0b0c0d0e0f","spanId":"0000000000000001",
      "parentSpanId":"0000000000000009","traceState":"a=b","flags":257,"name":"buy","kind":3,
      "startTimeUnixNano":"1699999940000000000","endTimeUnixNano":"1699999940000000007",
      "status":{"code":2,"message":"no"},"droppedAttributesCount":1,"droppedEventsCount":2,
      "droppedLinksCount":3,
      "attributes":[{"key":"s","value":{"stringValue":"x\"y"}},{"key":"i","value":{"intValue":"9007199254740993"}},
        {"key":"d","value":{"doubleValue":0.5}},{"key":"b","value":{"boolValue":true}},
        {"key":"y","value":{"bytesValue":"AQI="}},{"key":"n","value":{}},
        {"key":"a","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"z"}]}}},
        {"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":false}}]}}}],
      "events":[{"timeUnixNano":"1699999940000000003","name":"e","attributes":[{"key":"k","value":{"stringValue":"v"}}]}],
      "links":[{"traceId":"000102030405060708090a0b0c0d0e0e","spanId":"0000000000000002","traceState":"c=d"}]
    }]}]}]})");
  const std::string trace = "/api/ui/v1/trace/000102030405060708090a0b0c0d0e0f";
  EXPECT_EQ(Body(trace + "/spans/0000000000000001"),
            R"({"traceId":"000102030405060708090a0b0c0d0e0f","spanId":"0000000000000001",)"
            R"("parentSpanId":"0000000000000009","name":"buy","service":"shop","kind":"client",)"
            R"("startNs":"1699999940000000000","endNs":"1699999940000000007",)"
            R"("status":{"code":"error","message":"no"},"traceState":"a=b","flags":257,)"
            R"("attributes":[{"key":"s","type":"string","value":"x\"y"},)"
            R"({"key":"i","type":"int","value":"9007199254740993"},)"
            R"({"key":"d","type":"double","value":0.5},{"key":"b","type":"bool","value":true},)"
            R"({"key":"y","type":"bytes","value":"AQI="},{"key":"n","type":"empty","value":null},)"
            R"({"key":"a","type":"array","value":[1,"z"]},)"
            R"({"key":"m","type":"map","value":{"k":false}}],)"
            R"("resource":{"attributes":[{"key":"service.name","type":"string","value":"shop"}],)"
            R"("schemaUrl":"https://r","droppedAttributes":0},)"
            R"("scope":{"name":"lib","version":"1","attributes":[],"schemaUrl":"https://s",)"
            R"("droppedAttributes":0},)"
            R"("events":[{"timeNs":"1699999940000000003","name":"e",)"
            R"("attributes":[{"key":"k","type":"string","value":"v"}],"droppedAttributes":0}],)"
            R"("links":[{"traceId":"000102030405060708090a0b0c0d0e0e","spanId":"0000000000000002",)"
            R"("traceState":"c=d","attributes":[],"droppedAttributes":0,"flags":0}],)"
            R"("droppedAttributes":1,"droppedEvents":2,"droppedLinks":3})");
  EXPECT_EQ(Get(trace + "/spans/00000000000000ff").status, 404);
  EXPECT_EQ(Get(trace + "/spans/zz").status, 400);
}

TEST_F(UiApiTest, TracesThatAreNotThere) {
  EXPECT_EQ(Get("/api/ui/v1/trace/ff").status, 404);
  EXPECT_EQ(Get("/api/ui/v1/trace/ff/otlp").status, 404);
  EXPECT_EQ(Get("/api/ui/v1/trace/ff/spans/1").status, 404);
  ExpectError("/trace/nothex", 400, "trace id: expected");
}

TEST_F(UiApiTest, OtlpDownloadComesBackEqual) {
  Fill(Dispatch());
  const net::Response response = Get("/api/ui/v1/trace/abc/otlp");
  EXPECT_THAT(std::string(net::FindHeader(response.headers, "content-disposition")),
              HasSubstr(kDispatchId));
  const auto decoded = wire::DecodeOtlpJson(response.body);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(decoded->chunk->spans.size(), 2U);
}

}  // namespace
}  // namespace spandrel::api
