// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "processors/actions/sha256.h"
#include "processors/factories.h"
#include "processors/testing/edit_fixture.h"
#include "signal/batch.h"
#include "wire/otlp/otlp_records.h"

namespace spandrel::processors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class AttributesProcessorTest : public EditFixture {
 protected:
  AttributesProcessorTest() : EditFixture(MakeAttributesProcessorFactory()) {}
};

TEST_F(AttributesProcessorTest, InsertsOnlyWhatIsAbsent) {
  constexpr const char* kYaml = R"(
    actions:
      - {key: a, action: insert, value: new}
      - {key: b, action: INSERT, value: 2245})";
  EXPECT_THAT(RunOnSpan(kYaml, {{"a", Int(1)}}),
              ElementsAre(Pair("a", Int(1)), Pair("b", Int(2245))));
}

TEST_F(AttributesProcessorTest, UpdatesOnlyWhatIsPresent) {
  constexpr const char* kYaml = R"(
    actions:
      - {key: a, action: update, value: true}
      - {key: b, action: update, value: 1})";
  EXPECT_THAT(RunOnSpan(kYaml, {{"a", Int(1)}, {"c", Text("x")}}),
              ElementsAre(Pair("a", Bool(true)), Pair("c", Text("x"))));
}

TEST_F(AttributesProcessorTest, UpsertsValuesOfEveryType) {
  constexpr const char* kYaml = R"(
    actions:
      - {key: text, action: upsert, value: "1"}
      - {key: int, action: upsert, value: -7}
      - {key: real, action: upsert, value: 0.5}
      - {key: flag, action: upsert, value: false}
      - {key: list, action: upsert, value: [a, 2]})";
  EXPECT_THAT(RunOnSpan(kYaml, {{"int", Text("old")}}),
              ElementsAre(Pair("int", Int(-7)), Pair("text", Text("1")), Pair("real", Double(0.5)),
                          Pair("flag", Bool(false)), Pair("list", Array({Text("a"), Int(2)}))));
}

TEST_F(AttributesProcessorTest, CopiesFromAnotherAttribute) {
  constexpr const char* kYaml = R"(
    actions:
      - {key: copy, action: upsert, from_attribute: source}
      - {key: none, action: upsert, from_attribute: absent}
      - {key: region, action: insert, from_attribute: cloud.region, default_value: here})";
  EXPECT_THAT(RunOnSpan(kYaml, {{"source", Array({Int(1)})}}),
              ElementsAre(Pair("source", Array({Int(1)})), Pair("copy", Array({Int(1)})),
                          Pair("region", Text("here"))));
}

TEST_F(AttributesProcessorTest, DeletesByKeyAndByPattern) {
  constexpr const char* kYaml = R"(
    actions:
      - {key: db.table, action: delete}
      - {action: delete, pattern: ^secret\.})";
  EXPECT_THAT(RunOnSpan(kYaml, {{"db.table", Text("x")},
                                {"secret.a", Int(1)},
                                {"not.secret.b", Int(2)},
                                {"db.table", Int(3)},
                                {"secret.c", Int(4)}}),
              ElementsAre(Pair("not.secret.b", Int(2))));
}

// The vectors are those of FIPS 180 and of `printf ... | sha256sum`.
TEST_F(AttributesProcessorTest, HashesValues) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  constexpr const char* kYaml = R"(
    actions:
      - {key: email, action: hash}
      - {action: hash, pattern: "^h_"})";
  EXPECT_THAT(
      RunOnSpan(kYaml, {{"email", Text("abc")},
                        {"other", Text("abc")},
                        {"h_int", Int(1)},
                        {"h_flag", Bool(true)},
                        {"h_empty", Text("")},
                        {"h_list", Array({Int(1)})}}),
      ElementsAre(
          Pair("email", Text("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
          Pair("other", Text("abc")),
          Pair("h_int", Text(Sha256Hex(std::string_view("\1\0\0\0\0\0\0\0", 8)))),
          Pair("h_flag", Text(Sha256Hex("\1"))), Pair("h_empty", Text("")),
          Pair("h_list", Text(""))));
}

TEST_F(AttributesProcessorTest, ExtractsNamedGroups) {
  constexpr const char* kYaml = R"(
    actions:
      - key: url
        action: extract
        pattern: ^(?P<scheme>[a-z]+)://(?P<host>[^/:]+)(?::(?P<port>\d+))?)";
  EXPECT_THAT(
      RunOnSpan(kYaml, {{"host", Text("old")}, {"url", Text("http://shop.example/a")}}),
      ElementsAre(Pair("host", Text("shop.example")), Pair("url", Text("http://shop.example/a")),
                  Pair("scheme", Text("http")), Pair("port", Text(""))));
  EXPECT_THAT(RunOnSpan(kYaml, {{"url", Text("nothing")}}),
              ElementsAre(Pair("url", Text("nothing"))));
  EXPECT_THAT(RunOnSpan(kYaml, {{"url", Int(5)}}), ElementsAre(Pair("url", Int(5))));
}

TEST_F(AttributesProcessorTest, ConvertsWhatCanBeConverted) {
  constexpr const char* kYaml = R"(
    actions:
      - {key: a, action: convert, converted_type: int}
      - {key: b, action: convert, converted_type: double}
      - {key: c, action: convert, converted_type: string})";
  const auto convert = [&](std::string a, std::string b, std::string c) {
    return RunOnSpan(kYaml, {{"a", std::move(a)}, {"b", std::move(b)}, {"c", std::move(c)}});
  };
  EXPECT_THAT(convert(Text("404"), Text("1.5"), Int(-3)),
              ElementsAre(Pair("a", Int(404)), Pair("b", Double(1.5)), Pair("c", Text("-3"))));
  EXPECT_THAT(convert(Double(-2.9), Int(2), Bool(true)),
              ElementsAre(Pair("a", Int(-2)), Pair("b", Double(2)), Pair("c", Text("true"))));
  EXPECT_THAT(convert(Bool(true), Bool(false), Double(0.25)),
              ElementsAre(Pair("a", Int(1)), Pair("b", Double(0)), Pair("c", Text("0.25"))));
  EXPECT_THAT(convert(Int(9), Double(9), Array({Text("x"), Int(1)})),
              ElementsAre(Pair("a", Int(9)), Pair("b", Double(9)), Pair("c", Text(R"(["x",1])"))));
  EXPECT_THAT(convert(Text("+12"), Text("+1e3"), Text("s")),
              ElementsAre(Pair("a", Int(12)), Pair("b", Double(1000)), Pair("c", Text("s"))));
  const base::MetricLabels labels = {{"processor", "edit"}};
  EXPECT_EQ(CounterValue("spandrel_processor_unconverted_attributes_total", labels), 0u);
  for (const char* bad : {"", "x", "12x", " 12", "+-12", "99999999999999999999"}) {
    EXPECT_EQ(convert(Text(bad), Array({}), Text(""))[0].second, Text(bad));
  }
  EXPECT_EQ(convert(Double(1e19), Int(1), Int(1))[0].second, Double(1e19));
  EXPECT_EQ(CounterValue("spandrel_processor_unconverted_attributes_total", labels), 13u);
}

TEST_F(AttributesProcessorTest, TakesValuesFromTheSender) {
  constexpr const char* kYaml = R"(
    actions:
      - {key: tenant, action: upsert, from_context: metadata.X-Tenant}
      - {key: plain, action: upsert, from_context: x-one}
      - {key: address, action: upsert, from_context: client.address}
      - {key: user, action: upsert, from_context: auth.username}
      - {key: kept, action: update, from_context: metadata.absent}
      - {key: default, action: insert, from_context: metadata.absent, default_value: none})";
  EXPECT_THAT(RunOnSpan(kYaml, {{"kept", Int(1)}}),
              ElementsAre(Pair("kept", Int(1)), Pair("default", Text("none"))));
  origin_ = std::make_shared<const signal::Origin>(signal::Origin{
      "", "alice", {{"x-tenant", "a"}, {"x-one", "1"}, {"x-tenant", "b"}}, "[::1]:4318"});
  EXPECT_THAT(RunOnSpan(kYaml, {{"kept", Int(1)}}),
              ElementsAre(Pair("kept", Int(1)), Pair("tenant", Text("a;b")),
                          Pair("plain", Text("1")), Pair("address", Text("::1")),
                          Pair("user", Text("alice")), Pair("default", Text("none"))));
}

TEST_F(AttributesProcessorTest, ActionsSeeWhatEarlierOnesDid) {
  constexpr const char* kYaml = R"(
    actions:
      - {key: user, action: upsert, from_attribute: enduser.id}
      - {key: user, action: hash}
      - {key: enduser.id, action: delete})";
  EXPECT_THAT(RunOnSpan(kYaml, {{"enduser.id", Text("abc")}}),
              ElementsAre(Pair("user", Text(Sha256Hex("abc")))));
}

TEST_F(AttributesProcessorTest, LeavesNoOldValueOfARepeatedKey) {
  EXPECT_THAT(RunOnSpan("actions: [{key: k, action: hash}, {key: k, action: upsert, value: x}]",
                        {{"k", Text("first")}, {"z", Int(1)}, {"k", Text("last")}}),
              ElementsAre(Pair("z", Int(1)), Pair("k", Text("x"))));
}

TEST_F(AttributesProcessorTest, SharesBatchesThatItDoesNotChange) {
  TestRequest request;
  request.spans.resize(2);
  const span::SpanBatch batch = Run("actions: [{key: absent, action: delete}]", request);
  EXPECT_EQ(batch.span_count(), 2u);
  EXPECT_EQ(memory_.used(), 0u);
}

TEST_F(AttributesProcessorTest, ASenderComesBackWhenThereIsNoMemory) {
  base::ByteBudget no_memory(10);
  config::Problems problems;
  auto config = Decode("actions: [{key: k, action: upsert, value: 1}]", &problems);
  auto processor = factory_.create.traces({"edit", metrics_, no_memory}, config, sink_);
  TestRequest request;
  request.spans.resize(1);
  std::optional<base::Status> outcome;
  (*processor)->Consume(MakeBatch(request), [&](base::Status status) { outcome = status; });
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->retryable());
  EXPECT_THAT(sink_->batches, IsEmpty());
  EXPECT_EQ(CounterValue("spandrel_processor_delayed_batches_total", {{"processor", "edit"}}), 1u);
}

// Which of the spans a filter takes, by their names.
class FilterTest : public AttributesProcessorTest {
 protected:
  std::string Taken(std::string_view filter) {
    TestRequest request;
    request.resource.emplace_back("env", Text("prod"));
    request.spans = {
        {"GET /a", span::SpanKind::kServer, {{"code", Int(200)}, {"user", Text("alice")}}},
        {"GET /b", span::SpanKind::kClient, {{"code", Int(503)}, {"ok", Bool(false)}}},
        {"work", span::SpanKind::kUnspecified, {{"ratio", Double(0.5)}}},
    };
    const auto batch = Run(
        std::string("actions: [{key: taken, action: upsert, value: 1}]\n") + std::string(filter),
        request);
    std::string taken;
    for (size_t i = 0; i < request.spans.size(); ++i) {
      for (const auto& [key, value] : SpanAttributes(batch, i)) {
        if (key == "taken") taken += request.spans[i].name + ";";
      }
    }
    return taken;
  }
};

TEST_F(FilterTest, MatchesStrictly) {
  EXPECT_EQ(Taken(""), "GET /a;GET /b;work;");
  EXPECT_EQ(Taken("include: {match_type: strict, span_names: [work, GET]}"), "work;");
  EXPECT_EQ(Taken("include: {match_type: strict, services: [shop]}"), "GET /a;GET /b;work;");
  EXPECT_EQ(Taken("include: {match_type: strict, services: [sho]}"), "");
  EXPECT_EQ(Taken("include: {match_type: strict, span_kinds: [SPAN_KIND_CLIENT]}"), "GET /b;");
  EXPECT_EQ(Taken("include: {match_type: strict, attributes: [{key: code, value: 200}]}"),
            "GET /a;");
  EXPECT_EQ(Taken("include: {match_type: strict, attributes: [{key: code, value: '200'}]}"), "");
  EXPECT_EQ(Taken("include: {match_type: strict, attributes: [{key: code}]}"), "GET /a;GET /b;");
  EXPECT_EQ(
      Taken("include: {match_type: strict, attributes: [{key: code}, {key: ok, value: false}]}"),
      "GET /b;");
  EXPECT_EQ(Taken("include: {match_type: strict, resources: [{key: env, value: prod}]}"),
            "GET /a;GET /b;work;");
  EXPECT_EQ(Taken("include: {match_type: strict, resources: [{key: env, value: dev}]}"), "");
  EXPECT_EQ(Taken("include: {match_type: strict, libraries: [{name: no}, {name: lib}]}"),
            "GET /a;GET /b;work;");
  EXPECT_EQ(Taken("include: {match_type: strict, libraries: [{name: lib, version: ''}]}"), "");
}

TEST_F(FilterTest, MatchesExpressions) {
  EXPECT_EQ(Taken("include: {match_type: regexp, span_names: ['^GET', x]}"), "GET /a;GET /b;");
  EXPECT_EQ(Taken("include: {match_type: regexp, services: ['^sh.p$']}"), "GET /a;GET /b;work;");
  EXPECT_EQ(Taken("include: {match_type: regexp, attributes: [{key: code, value: '^5'}]}"),
            "GET /b;");
  EXPECT_EQ(Taken("include: {match_type: regexp, attributes: [{key: ratio, value: '^0\\.5$'}]}"),
            "work;");
  EXPECT_EQ(Taken("include: {match_type: regexp, attributes: [{key: ok, value: fal}]}"), "GET /b;");
  EXPECT_EQ(Taken("include: {match_type: regexp, span_kinds: ['CLIENT|SERVER']}"),
            "GET /a;GET /b;");
  EXPECT_EQ(Taken("include: {match_type: regexp, libraries: [{name: l.b, version: '1\\.'}]}"),
            "GET /a;GET /b;work;");
}

TEST_F(FilterTest, ExcludeComesAfterInclude) {
  EXPECT_EQ(Taken("exclude: {match_type: strict, span_names: [work]}"), "GET /a;GET /b;");
  EXPECT_EQ(Taken("include: {match_type: regexp, span_names: [GET]}\n"
                  "exclude: {match_type: strict, attributes: [{key: user, value: alice}]}"),
            "GET /b;");
}

// Keeps what it gets.
template <typename Batch>
class KeepingSink : public pipeline::Consumer<Batch> {
 public:
  void Consume(Batch&& batch, pipeline::Completion done) override {
    kept = std::move(batch);
    done({});
  }
  Batch kept;
};

// The one record of a request of metrics or logs after the processor.
template <typename Batch>
std::string RunOnRecord(const pipeline::MakeProcessor<Batch>& make,
                        std::shared_ptr<const pipeline::ConfigBase> config,
                        std::string_view record) {
  base::MetricRegistry metrics;
  base::ByteBudget memory(1 << 20);
  std::string bytes;
  proto::Writer writer(&bytes);
  {
    const proto::NestedMessage group(writer, 1);
    const proto::NestedMessage scope_group(writer, 2);
    writer.Bytes(2, record);
  }
  auto chunk = wire::DecodeOtlpRecords(signal::kSignalOf<Batch>, base::MakeSharedBytes(bytes));
  EXPECT_TRUE(chunk.ok());
  const auto sink = std::make_shared<KeepingSink<Batch>>();
  auto processor = make({"edit", metrics, memory}, std::move(config), sink);
  EXPECT_TRUE(processor.ok());
  (*processor)->Consume(Batch(*chunk), [](base::Status) {});
  return std::string(signal::RecordRef(*sink->kept.chunks().front(), 0).message());
}

TEST_F(AttributesProcessorTest, ChangesLogRecordsThatMatch) {
  constexpr const char* kYaml = R"(
    actions: [{key: k, action: upsert, value: 1}]
    include: {match_type: regexp, log_bodies: [hello], log_severity_number: {min: 9}})";
  config::Problems problems;
  const auto config = Decode(kYaml, &problems);
  EXPECT_EQ(problems.ToString(), "");
  const auto run = [&](uint64_t severity, std::string_view body) {
    std::string record;
    proto::Writer writer(&record);
    writer.Varint(proto::otlp::kLogSeverityNumber, severity);
    writer.Bytes(proto::otlp::kLogBody, Text(body));
    const auto edited = RunOnRecord<signal::LogBatch>(factory_.create.logs, config, record);
    return ReadAttributes(edited, proto::otlp::kLogAttributes);
  };
  EXPECT_THAT(run(9, "say hello"), ElementsAre(Pair("k", Int(1))));
  EXPECT_THAT(run(8, "say hello"), IsEmpty());
  EXPECT_THAT(run(0, "say hello"), IsEmpty());
  EXPECT_THAT(run(17, "bye"), IsEmpty());
}

TEST_F(AttributesProcessorTest, ChangesDataPointsOfMetricsThatMatch) {
  constexpr const char* kYaml = R"(
    actions: [{key: k, action: upsert, value: 1}]
    include: {match_type: strict, metric_names: [cpu]})";
  config::Problems problems;
  const auto config = Decode(kYaml, &problems);
  EXPECT_EQ(problems.ToString(), "");
  const auto run = [&](std::string_view name) {
    std::string record;
    proto::Writer writer(&record);
    writer.Bytes(proto::otlp::kMetricName, name);
    {
      const proto::NestedMessage gauge(writer, proto::otlp::kMetricGauge);
      const proto::NestedMessage point(writer, proto::otlp::kDataPoints);
      writer.Fixed64(3, 5);
    }
    const auto edited = RunOnRecord<signal::MetricBatch>(factory_.create.metrics, config, record);
    span::MessageReader gauges(edited, proto::otlp::kMetricGauge);
    span::MessageReader points(*gauges.Next(), proto::otlp::kDataPoints);
    return ReadAttributes(*points.Next(), proto::otlp::kNumberPointAttributes);
  };
  EXPECT_THAT(run("cpu"), ElementsAre(Pair("k", Int(1))));
  EXPECT_THAT(run("memory"), IsEmpty());
  // What is asked of a filter has to apply to the signal.
  const auto logs = factory_.create.logs({"edit", metrics_, memory_}, config, nullptr);
  ASSERT_FALSE(logs.ok());
  EXPECT_EQ(logs.status().message(), "include: 'metric_names' does not apply to logs");
  EXPECT_FALSE(factory_.create.traces({"edit", metrics_, memory_}, config, nullptr).ok());
}

TEST_F(AttributesProcessorTest, SaysWhereAnActionIsWrong) {
  EXPECT_THAT(ProblemsOf("{}"), HasSubstr("at least one action is needed under 'actions'"));
  EXPECT_EQ(
      ProblemsOf("actions:\n  - {key: a, action: upser, value: 1}\n"),
      "test.yaml:2:22: actions::0::action: 'upser' is none of insert, update, upsert, delete, "
      "hash, extract or convert; did you mean 'upsert'?\n");
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: insert}]"),
              HasSubstr("'insert' needs one of 'value', 'from_attribute'"));
  EXPECT_THAT(ProblemsOf("actions: [{action: insert, value: 1}]"), HasSubstr("needs a 'key'"));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: update, value: 1, from_attribute: b}]"),
              HasSubstr("exclude each other"));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: delete, value: 1}]"),
              HasSubstr("test.yaml:1:43: actions::0::value: 'delete' does not use 'value'"));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: insert, from_context: auth.raw}]"),
              HasSubstr("'auth.raw' is none of metadata.NAME"));
  EXPECT_THAT(ProblemsOf("actions: [{action: hash}]"), HasSubstr("a 'key' or a 'pattern'"));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: upsert, value: {b: 1}}]"),
              HasSubstr("expected a string, a bool, a number or a list of these"));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: extract}]"), HasSubstr("needs a 'pattern'"));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: extract, pattern: '(x)'}]"),
              HasSubstr("every group needs a name"));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: extract, pattern: 'x'}]"),
              HasSubstr("every group needs a name"));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: extract, pattern: '(?P<x'}]"),
              HasSubstr("regular expression: "));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: convert}]"),
              HasSubstr("needed: string, int or double"));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: convert, converted_type: bool}]"),
              HasSubstr("'bool' is none of"));
  EXPECT_THAT(ProblemsOf("actions: [{key: a, action: upsert, value: 1, patern: x}]"),
              HasSubstr("did you mean 'pattern'?"));
}

TEST_F(AttributesProcessorTest, SaysWhereAFilterIsWrong) {
  const std::string actions = "actions: [{key: a, action: delete}]\n";
  EXPECT_THAT(ProblemsOf(actions + "include:\n"), HasSubstr("needed: strict or regexp"));
  EXPECT_THAT(ProblemsOf(actions + "include: {match_type: strict}"),
              HasSubstr("needs something to match"));
  EXPECT_THAT(
      ProblemsOf(actions + "include: {match_type: glob, services: [a]}"),
      HasSubstr("test.yaml:2:23: include::match_type: 'glob' is neither strict nor regexp"));
  EXPECT_THAT(ProblemsOf(actions + "exclude: {match_type: strict, span_kinds: [SERVER]}"),
              HasSubstr("'SERVER' is none of"));
  EXPECT_THAT(ProblemsOf(actions + "exclude: {match_type: regexp, span_names: ['(']}"),
              HasSubstr("exclude::span_names: regular expression: "));
  EXPECT_THAT(
      ProblemsOf(actions + "include: {match_type: regexp, attributes: [{key: a, value: 1}]}"),
      HasSubstr("with match_type regexp, a value is a string"));
}

}  // namespace
}  // namespace spandrel::processors
