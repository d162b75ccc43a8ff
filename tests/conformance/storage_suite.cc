// SPDX-License-Identifier: Apache-2.0
#include "conformance/storage_suite.h"

#include <gtest/gtest.h>

#include <future>
#include <utility>
#include <vector>

#include "conformance/kept_spans.h"
#include "conformance/random_questions.h"
#include "conformance/reference_store.h"
#include "conformance/suite_steps.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::conformance {

base::Status AppendAndWait(storage::Writer& writer, span::SpanBatch batch) {
  std::promise<base::Status> done;
  writer.Append(std::move(batch),
                [&done](base::Status status) { done.set_value(std::move(status)); });
  return done.get_future().get();
}

void AppendSpans(StoreUnderTest& store, const std::vector<TestSpan>& spans) {
  const base::Status status = AppendAndWait(store.writer(), MakeBatch(spans));
  ASSERT_TRUE(status.ok()) << status.ToString();
}

// Runs `check` on the store as it is, settled, and reopened.
void InEveryState(StoreUnderTest& store, const std::function<void(const std::string&)>& check) {
  check("fresh");
  store.Settle();
  check("settled");
  store.Reopen();
  check("reopened");
}

namespace {

using storage::CompareOp;
using storage::Intrinsic;
using storage::Predicate;

constexpr uint64_t kSecond = 1'000'000'000;

std::vector<uint64_t> TraceNumbers(const storage::SearchResult& result) {
  std::vector<uint64_t> numbers;
  for (const auto& trace : result.traces) {
    uint64_t number = 0;
    for (size_t i = 8; i < 16; ++i) number = number << 8 | trace.trace_id.bytes[i];
    numbers.push_back(number);
  }
  return numbers;
}

Predicate ServiceIs(const std::string& name) {
  return Predicate::Compare(Intrinsic::kServiceName, CompareOp::kEqual, name);
}

void AnswersAnEmptyStore(StoreUnderTest& store) {
  InEveryState(store, [&](const std::string&) {
    EXPECT_EQ(store.reader().GetTrace({}, TraceIdOf(1)).status().code(),
              base::StatusCode::kNotFound);
    EXPECT_TRUE(store.reader().Search({}, {}).value().traces.empty());
    EXPECT_TRUE(store.reader().Services({}).value().empty());
    EXPECT_TRUE(store.reader().Dependencies({}, {}).value().empty());
    EXPECT_TRUE(store.reader().Aggregate({}, {}).value().series.empty());
  });
}

void ReturnsEveryFieldAsItWasSent(StoreUnderTest& store) {
  // Written by hand: unknown fields, duplicate keys, empty values, nested maps, odd flags.
  const std::string json = R"({"resourceSpans":[{"resource":{"attributes":[
      {"key":"service.name","value":{"stringValue":"all-fields"}},{"key":"empty"},
      {"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"doubleValue":0.5},{}]}}}],
      "droppedAttributesCount":3},"schemaUrl":"https://example.com/resource","scopeSpans":[{"scope":
      {"name":"lib","version":"1.2","attributes":[{"key":"s","value":{"boolValue":true}}],
       "droppedAttributesCount":1},"schemaUrl":"https://example.com/scope","spans":[{
      "traceId":"00000000000000000000000000000001","spanId":"0000000000000001",
      "parentSpanId":"00000000000000ff","traceState":"a=b","name":"all","kind":3,
      "startTimeUnixNano":"1700000000123456789","endTimeUnixNano":"1700000000123456790","flags":769,
      "attributes":[{"key":"k","value":{"stringValue":"1"}},{"key":"k","value":{"intValue":"-2"}},
        {"key":"bytes","value":{"bytesValue":"AAEC"}},
        {"key":"map","value":{"kvlistValue":{"values":[{"key":"x","value":{"kvlistValue":{}}}]}}}],
      "droppedAttributesCount":4,"droppedEventsCount":5,"droppedLinksCount":6,
      "events":[{"timeUnixNano":"7","name":"e","attributes":[{"key":"a"}],"droppedAttributesCount":8}],
      "links":[{"traceId":"0000000000000000000000000000000a","spanId":"000000000000000b",
        "traceState":"c=d","flags":1,"droppedAttributesCount":9}],
      "status":{"code":2,"message":"failed"}}]}]}]})";
  auto decoded = wire::DecodeOtlpJson(json);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  const storage::Capabilities can = store.promised();
  const std::string sent = wire::EncodeOtlpJson(AsKept(span::SpanBatch(decoded->chunk), can));
  ASSERT_TRUE(AppendAndWait(store.writer(), span::SpanBatch(decoded->chunk)).ok());
  InEveryState(store, [&](const std::string& state) {
    auto trace = store.reader().GetTrace({}, TraceIdOf(1));
    ASSERT_TRUE(trace.ok()) << state;
    EXPECT_EQ(wire::EncodeOtlpJson(AsKept(*trace, can)), sent) << state;
  });
}

void ReturnsTheSpansOfOneTraceInOrder(StoreUnderTest& store) {
  AppendSpans(store, {{.trace = 1, .span = 2, .parent = 1, .start = 20}, {.trace = 2, .span = 9}});
  AppendSpans(store, {{.trace = 1, .span = 1, .start = 10}});
  store.Settle();
  AppendSpans(store, {{.trace = 1, .span = 3, .parent = 1, .start = 15}});
  InEveryState(store, [&](const std::string& state) {
    auto trace = store.reader().GetTrace({}, TraceIdOf(1));
    ASSERT_TRUE(trace.ok()) << state;
    std::vector<span::SpanId> ids;
    span::ForEachSpan(*trace,
                      [&](const span::SpanRef& span) { ids.push_back(span.entry().span_id); });
    EXPECT_EQ(ids, (std::vector{SpanIdOf(1), SpanIdOf(3), SpanIdOf(2)})) << state;
  });
}

// Or as often as it was sent, in an engine that does not promise that.
void CountsAResentRequestOnce(StoreUnderTest& store) {
  const std::vector<TestSpan> spans = {{.trace = 1, .span = 1},
                                       {.trace = 1, .span = 2, .parent = 1}};
  AppendSpans(store, spans);
  AppendSpans(store, spans);
  const size_t count = store.promised().deduplicates ? 2 : 4;
  InEveryState(store, [&](const std::string& state) {
    EXPECT_EQ(store.reader().GetTrace({}, TraceIdOf(1)).value().span_count(), count) << state;
    const auto found = store.reader().Search({}, {}).value();
    ASSERT_EQ(found.traces.size(), 1U) << state;
    EXPECT_EQ(found.traces[0].span_count, count) << state;
  });
}

void SummarizesTraces(StoreUnderTest& store) {
  AppendSpans(store,
              {{.trace = 1,
                .span = 1,
                .service = "web",
                .name = "GET /",
                .start = kSecond,
                .duration = 500,
                .kind = span::SpanKind::kServer},
               {.trace = 1,
                .span = 2,
                .parent = 1,
                .service = "db",
                .name = "SELECT",
                .start = kSecond + 100,
                .duration = 900,
                .status = span::SpanStatus::kError},
               {.trace = 1, .span = 3, .parent = 99, .service = "db", .start = kSecond + 50}});
  InEveryState(store, [&](const std::string& state) {
    const auto found = store.reader().Search({}, {.where = ServiceIs("db")}).value();
    ASSERT_EQ(found.traces.size(), 1U) << state;
    const storage::TraceSummary& trace = found.traces[0];
    EXPECT_EQ(trace.root_service, "web");
    EXPECT_EQ(trace.root_name, "GET /");
    EXPECT_EQ(trace.root_kind, span::SpanKind::kServer);
    EXPECT_EQ(trace.start_time_unix_nano, kSecond);
    EXPECT_EQ(trace.duration_nano(), 50U + 1'000'000U);
    EXPECT_EQ(trace.span_count, 3U);
    EXPECT_EQ(trace.error_count, 1U);
    EXPECT_EQ(trace.orphan_count, 1U);
    EXPECT_EQ(trace.matched_count, 2U);
    EXPECT_EQ(trace.services, (std::vector<storage::ServiceSummary>{{"db", 2, 1}, {"web", 1, 0}}));
  });
}

void PagesNewestFirstWithoutGapsOrRepeats(StoreUnderTest& store) {
  for (uint64_t trace = 1; trace <= 25; ++trace) {
    // Starts out of order, some of them equal.
    AppendSpans(store, {{.trace = trace, .span = 1, .start = kSecond * (1 + trace * 7 % 10)}});
  }
  InEveryState(store, [&](const std::string& state) {
    const auto all = store.reader().Search({}, {.limit = 100}).value();
    ASSERT_EQ(all.traces.size(), 25U) << state;
    EXPECT_FALSE(all.next) << state;
    std::vector<uint64_t> paged;
    storage::SearchRequest request{.limit = 4};
    do {
      const auto page = store.reader().Search({}, request).value();
      EXPECT_LE(page.traces.size(), 4U);
      for (uint64_t number : TraceNumbers(page)) paged.push_back(number);
      request.after = page.next;
    } while (request.after && paged.size() <= 25);
    EXPECT_EQ(paged, TraceNumbers(all)) << state;
  });
}

void OrdersBySlowest(StoreUnderTest& store) {
  AppendSpans(store, {{.trace = 1, .duration = 300},
                      {.trace = 2, .duration = 900},
                      {.trace = 3, .duration = 500}});
  InEveryState(store, [&](const std::string& state) {
    const auto found =
        store.reader().Search({}, {.order = storage::Order::kSlowest, .limit = 2}).value();
    EXPECT_EQ(TraceNumbers(found), (std::vector<uint64_t>{2, 3})) << state;
    EXPECT_TRUE(found.next) << state;
  });
}

void KeepsToTheTimeRange(StoreUnderTest& store) {
  AppendSpans(store,
              {{.trace = 1, .start = 10}, {.trace = 2, .start = 20}, {.trace = 3, .start = 30}});
  InEveryState(store, [&](const std::string& state) {
    const auto found = store.reader().Search({}, {.start_time = {20, 30}}).value();
    EXPECT_EQ(TraceNumbers(found), (std::vector<uint64_t>{2})) << state;
  });
}

void ListsServicesAndOperations(StoreUnderTest& store) {
  AppendSpans(store, {{.span = 1, .service = "b", .name = "x", .kind = span::SpanKind::kServer},
                      {.span = 2, .service = "a", .name = "y"},
                      {.span = 3, .service = "b", .name = "x", .kind = span::SpanKind::kClient},
                      {.span = 4, .service = "", .name = "nameless"}});
  InEveryState(store, [&](const std::string& state) {
    EXPECT_EQ(store.reader().Services({}).value(), (std::vector<std::string>{"", "a", "b"}))
        << state;
    EXPECT_EQ(store.reader().Operations({}, "b").value(),
              (std::vector<storage::Operation>{{"x", span::SpanKind::kServer},
                                               {"x", span::SpanKind::kClient}}))
        << state;
    EXPECT_EQ(store.reader().Operations({}, "").value().size(), 4U) << state;
    EXPECT_TRUE(store.reader().Operations({}, "absent").value().empty()) << state;
  });
}

void FindsDependenciesAcrossRequests(StoreUnderTest& store) {
  AppendSpans(store, {{.span = 2,
                       .parent = 1,
                       .service = "db",
                       .duration = 70,
                       .status = span::SpanStatus::kError}});
  store.Settle();
  AppendSpans(store, {{.span = 1, .service = "web"}, {.span = 3, .parent = 1, .service = "web"}});
  InEveryState(store, [&](const std::string& state) {
    const auto calls = store.reader().Dependencies({}, {}).value();
    ASSERT_EQ(calls.size(), 1U) << state;
    EXPECT_EQ(calls[0].parent, "web");
    EXPECT_EQ(calls[0].child, "db");
    EXPECT_EQ(calls[0].call_count, 1U);
    EXPECT_EQ(calls[0].error_count, 1U);
    EXPECT_EQ(calls[0].latency.count(), 1U);
  });
}

void SurvivesStrangeTraces(StoreUnderTest& store) {
  constexpr uint64_t kDepth = 20'000;
  std::vector<TestSpan> chain;
  for (uint64_t i = 1; i <= kDepth; ++i) chain.push_back({.trace = 1, .span = i, .parent = i - 1});
  AppendSpans(store, chain);
  AppendSpans(store, {{.trace = 2, .span = 1, .parent = 2}, {.trace = 2, .span = 2, .parent = 1}});
  AppendSpans(store, {{.trace = 3, .span = 1, .parent = 1}});
  AppendSpans(store, {{.trace = 4, .start = 0, .duration = 0},
                      {.trace = 5, .start = 100, .duration = -50UL}});
  AppendSpans(store, {{.trace = 6, .start = UINT64_MAX - 10, .duration = 5}});
  InEveryState(store, [&](const std::string& state) {
    EXPECT_EQ(store.reader().GetTrace({}, TraceIdOf(1)).value().span_count(), kDepth) << state;
    const auto found = store.reader().Search({}, {.limit = 10}).value();
    EXPECT_EQ(found.traces.size(), 6U) << state;
    EXPECT_TRUE(store.reader().Aggregate({}, {.unit = storage::CountUnit::kTraces}).ok()) << state;
    EXPECT_TRUE(store.reader().Dependencies({}, {}).ok()) << state;
  });
}

void RefusesConditionsThatMakeNoSense(StoreUnderTest& store) {
  const auto regex = Predicate::Compare(Intrinsic::kName, CompareOp::kMatches, std::string("("));
  EXPECT_EQ(store.reader().Search({}, {.where = regex}).status().code(),
            base::StatusCode::kInvalidArgument);
  Predicate deep;
  for (int i = 0; i < 1000; ++i) deep = Predicate::Not(std::move(deep));
  EXPECT_EQ(store.reader().Search({}, {.where = deep}).status().code(),
            base::StatusCode::kInvalidArgument);
}

// The engine equals the literal reading of the contract on random data and random questions.
void AnswersLikeTheReference(StoreUnderTest& store) {
  std::mt19937_64 random(20261122);
  ReferenceStore reference(store.promised());
  for (uint64_t batch = 0; batch < 12; ++batch) {
    const auto spans =
        RandomSpans(random, 1 + batch * 15, 15, 1000 * kSecond + batch * kSecond, 3 * kSecond);
    AppendSpans(store, spans);
    ASSERT_TRUE(AppendAndWait(reference, MakeBatch(spans)).ok());
    if (batch % 4 == 3) store.Settle();
  }
  InEveryState(store, [&](const std::string& state) {
    for (int i = 0; i < 150; ++i) ExpectSameAnswers(random, store.reader(), reference, state);
  });
}

class SuiteTest : public testing::Test {
 public:
  SuiteTest(StoreFactory factory, void (*run)(StoreUnderTest&))
      : factory_(std::move(factory)), run_(run) {}
  void TestBody() override {
    const auto store = factory_();
    run_(*store);
  }

 private:
  StoreFactory factory_;
  void (*run_)(StoreUnderTest&);
};

}  // namespace

int RegisterStorageSuite(const std::string& engine, StoreFactory factory) {
  SuiteTests tests = {
      {"AnswersAnEmptyStore", AnswersAnEmptyStore},
      {"ReturnsEveryFieldAsItWasSent", ReturnsEveryFieldAsItWasSent},
      {"ReturnsTheSpansOfOneTraceInOrder", ReturnsTheSpansOfOneTraceInOrder},
      {"CountsAResentRequestOnce", CountsAResentRequestOnce},
      {"SummarizesTraces", SummarizesTraces},
      {"PagesNewestFirstWithoutGapsOrRepeats", PagesNewestFirstWithoutGapsOrRepeats},
      {"OrdersBySlowest", OrdersBySlowest},
      {"KeepsToTheTimeRange", KeepsToTheTimeRange},
      {"ListsServicesAndOperations", ListsServicesAndOperations},
      {"FindsDependenciesAcrossRequests", FindsDependenciesAcrossRequests},
      {"SurvivesStrangeTraces", SurvivesStrangeTraces},
      {"RefusesConditionsThatMakeNoSense", RefusesConditionsThatMakeNoSense},
      {"AnswersLikeTheReference", AnswersLikeTheReference},
  };
  const SuiteTests of_traces = TraceTests();
  tests.insert(tests.end(), of_traces.begin(), of_traces.end());
  for (const auto& [name, run] : tests) {
    testing::RegisterTest(
        (engine + "StorageSuite").c_str(), name, nullptr, nullptr, __FILE__, __LINE__,
        [factory, run = run]() -> testing::Test* { return new SuiteTest(factory, run); });
  }
  return static_cast<int>(tests.size());
}

}  // namespace spandrel::conformance
