// SPDX-License-Identifier: Apache-2.0
#include "pipeline/graph/graph.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "pipeline/extensions.h"
#include "pipeline/fan_out.h"
#include "pipeline/graph/pipeline_order.h"
#include "pipeline/service_config.h"
#include "pipeline/testing/fake_components.h"

namespace spandrel::pipeline {
namespace {

using base::Status;
using base::StatusCode;
using std::chrono::milliseconds;
using Lines = std::vector<std::string>;

span::SpanBatch OneSpan() {
  auto chunk = std::make_shared<span::SpanChunk>();
  chunk->buffer = base::MakeSharedBytes("");
  chunk->spans.resize(1);
  return span::SpanBatch(chunk);
}

constexpr const char* kTwoPipelines =
    "receivers: {otlp: , otlp/unused: }\n"
    "processors: {batch: , attributes: }\n"
    "exporters: {jaeger: , otlp: , store: }\n"
    "extensions: {query: , query/unused: }\n"
    "service:\n"
    "  extensions: [query]\n"
    "  pipelines:\n"
    "    traces: {receivers: [otlp], processors: [attributes, batch], exporters: [jaeger, otlp]}\n"
    "    traces/2: {receivers: [otlp], processors: [batch], exporters: [otlp]}\n";

class GraphTest : public testing::Test {
 protected:
  base::Result<std::unique_ptr<Graph>> Build(const std::string& yaml) {
    config::Problems problems;
    const auto service =
        Load(std::vector<config::Source>{{"c.yaml", yaml}}, {}, factories_, &problems);
    EXPECT_EQ(problems.ToString(), "");
    if (!service.ok()) return service.status();
    return Graph::Build(*service, factories_, metrics_, memory_);
  }
  Lines TakeLines() { return std::exchange(journal_.lines, {}); }
  Status Receive() {
    Status outcome(StatusCode::kUnknown, "not answered");
    int answers = 0;
    journal_.received.at(0).traces->Consume(OneSpan(), [&](Status status) {
      outcome = std::move(status);
      ++answers;
    });
    EXPECT_EQ(answers, 1);
    return outcome;
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{1 << 20};
  fakes::Journal journal_;
  Factories factories_ = fakes::MakeFactories(&journal_);
};

TEST_F(GraphTest, StartsLastStageFirstAndStopsTheOtherWay) {
  {
    auto graph = Build(kTwoPipelines);
    ASSERT_TRUE(graph.ok()) << graph.status().ToString();
    EXPECT_EQ(TakeLines(), Lines{});
    ASSERT_TRUE((*graph)->Start().ok());
    EXPECT_EQ(TakeLines(),
              (Lines{"start x:query", "start e:jaeger", "start e:otlp", "start p:batch",
                     "start p:attributes", "start p:batch", "start r:otlp"}));
    (*graph)->Shutdown(std::chrono::steady_clock::now());
    EXPECT_EQ(TakeLines(), (Lines{"stop r:otlp", "stop p:batch", "stop p:attributes",
                                  "stop p:batch", "stop e:otlp", "stop e:jaeger", "stop x:query"}));
    (*graph)->Shutdown(std::chrono::steady_clock::now());
    EXPECT_EQ(TakeLines(), Lines{});
    journal_.received.clear();
  }
  EXPECT_EQ(TakeLines().size(), 7u);
}

TEST_F(GraphTest, AReceiverFeedsAllItsPipelines) {
  auto graph = Build(kTwoPipelines);
  ASSERT_TRUE(graph.ok());
  EXPECT_TRUE(Receive().ok());
  EXPECT_EQ(TakeLines(), (Lines{"process p:attributes", "process p:batch", "export e:jaeger",
                                "export e:otlp", "process p:batch", "export e:otlp"}));
  journal_.exporter_says = Status(StatusCode::kInvalidArgument, "no");
  EXPECT_EQ(Receive().code(), StatusCode::kInvalidArgument);
}

TEST_F(GraphTest, WithoutProcessorsTheReceiverFeedsTheExporter) {
  auto graph = Build(
      "receivers: {otlp: }\nexporters: {store: }\n"
      "service: {pipelines: {traces: {receivers: [otlp], exporters: [store]}}}\n");
  ASSERT_TRUE(graph.ok());
  EXPECT_TRUE(Receive().ok());
  EXPECT_EQ(TakeLines(), Lines{"export e:store"});
}

TEST_F(GraphTest, AFailedStartStopsWhatWasStarted) {
  auto graph = Build(kTwoPipelines);
  ASSERT_TRUE(graph.ok());
  journal_.fails_to_start = "r:otlp";
  EXPECT_EQ((*graph)->Start().ToString(),
            "UNAVAILABLE: receiver otlp: 127.0.0.1:4317: address in use");
  const Lines lines = TakeLines();
  ASSERT_EQ(lines.size(), 12u);
  EXPECT_EQ(lines[5], "start p:batch");
  EXPECT_EQ(lines[6], "stop p:batch");
  EXPECT_EQ(lines[11], "stop x:query");
}

TEST_F(GraphTest, WhatCannotBeMadeIsNamed) {
  journal_.fails_to_be_made = "batch";
  EXPECT_EQ(Build(kTwoPipelines).status().ToString(),
            "INVALID_ARGUMENT: processor batch of pipeline traces: no such certificate");
  journal_.fails_to_be_made = "jaeger";
  EXPECT_EQ(Build(kTwoPipelines).status().ToString(),
            "INVALID_ARGUMENT: exporter jaeger: no such certificate");
  journal_.fails_to_be_made = "query";
  EXPECT_EQ(Build(kTwoPipelines).status().ToString(),
            "INVALID_ARGUMENT: extension query: no such certificate");
}

TEST_F(GraphTest, DestructionShutsDown) {
  {
    auto graph = Build(kTwoPipelines);
    ASSERT_TRUE(graph.ok());
    ASSERT_TRUE((*graph)->Start().ok());
    TakeLines();
    journal_.received.clear();
  }
  EXPECT_EQ(TakeLines()[0], "stop r:otlp");
}

constexpr const char* kThreeSignals =
    "receivers: {otlp: }\n"
    "processors: {batch: }\n"
    "exporters: {otlp: , store: }\n"
    "connectors: {forward: , count: }\n"
    "service:\n"
    "  pipelines:\n"
    "    metrics: {receivers: [count, otlp], exporters: [otlp]}\n"
    "    traces: {receivers: [otlp], exporters: [forward, count]}\n"
    "    traces/2: {receivers: [forward], processors: [batch], exporters: [store]}\n"
    "    logs: {receivers: [otlp], processors: [batch], exporters: [otlp]}\n";

TEST_F(GraphTest, OneReceiverFeedsThreeSignalsAndConnectorsStandBetween) {
  auto graph = Build(kThreeSignals);
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  ASSERT_TRUE((*graph)->Start().ok());
  EXPECT_EQ(TakeLines(),
            (Lines{"start e:otlp(metrics)", "start e:store", "start e:otlp(logs)", "start p:batch",
                   "start c:forward", "start c:count", "start p:batch(logs)", "start r:otlp"}));
  ASSERT_EQ(journal_.received.size(), 1u);
  EXPECT_TRUE(Receive().ok());
  EXPECT_EQ(TakeLines(),
            (Lines{"connect to traces/2 from c:forward", "process p:batch", "export e:store",
                   "connect to metrics from c:count", "export e:otlp(metrics)"}));
  journal_.received[0].logs->Consume({}, [](const Status&) {});
  journal_.received[0].metrics->Consume({}, [](const Status&) {});
  EXPECT_EQ(TakeLines(),
            (Lines{"process p:batch(logs)", "export e:otlp(logs)", "export e:otlp(metrics)"}));
}

TEST_F(GraphTest, ASignalWithoutAPipelineIsRefused) {
  auto graph = Build(kTwoPipelines);
  ASSERT_TRUE(graph.ok());
  EXPECT_TRUE(journal_.received[0].traces->is_connected());
  EXPECT_FALSE(journal_.received[0].logs->is_connected());
  Status outcome;
  journal_.received[0].logs->Consume({}, [&](Status status) { outcome = std::move(status); });
  EXPECT_EQ(outcome.code(), StatusCode::kUnimplemented);
}

constexpr const char* kReloadable =
    "receivers: {otlp: {port: PORT}, otlp/2: }\n"
    "processors: {batch: , attributes: {endpoint: EDIT}}\n"
    "exporters: {jaeger: {endpoint: JAEGER}, otlp: , store: }\n"
    "extensions: {query: {port: 9}}\n"
    "service:\n"
    "  extensions: [query]\n"
    "  pipelines:\n"
    "    traces: {receivers: [otlp], processors: [batch], exporters: [otlp, jaeger]}\n"
    "    traces/2: {receivers: [otlp, otlp/2], processors: [attributes, batch], exporters: "
    "[store]}\n";

class GraphReloadTest : public GraphTest {
 protected:
  static std::string File(const std::string& port, const std::string& edit,
                          const std::string& jaeger) {
    std::string text = kReloadable;
    for (const auto& [word, value] :
         {std::pair("PORT", port), std::pair("EDIT", edit), std::pair("JAEGER", jaeger)}) {
      text.replace(text.find(word), std::string(word).size(), value);
    }
    return text;
  }
  void SetUp() override {
    auto graph = Build(File("1", "a", "a:1"));
    ASSERT_TRUE(graph.ok()) << graph.status().ToString();
    graph_ = *std::move(graph);
    ASSERT_TRUE(graph_->Start().ok());
    TakeLines();
  }
  base::Result<Graph::Changes> Reload(const std::string& yaml) {
    config::Problems problems;
    const auto service =
        Load(std::vector<config::Source>{{"c.yaml", yaml}}, {}, factories_, &problems);
    EXPECT_EQ(problems.ToString(), "");
    if (!service.ok()) return service.status();
    return graph_->Reload(*service, std::chrono::steady_clock::now() + std::chrono::seconds(5));
  }

  std::unique_ptr<Graph> graph_;
};

TEST_F(GraphReloadTest, TheSameFileChangesNothing) {
  const auto changes = Reload("# a comment\n" + File("1", "a", "a:1"));
  ASSERT_TRUE(changes.ok());
  EXPECT_EQ(changes->kept, 9u);
  EXPECT_EQ(changes->added + changes->removed, 0u);
  EXPECT_EQ(TakeLines(), Lines{});
}

TEST_F(GraphReloadTest, AChangedExporterTakesItsPipelineAlongAndNothingElse) {
  const auto changes = Reload(File("1", "a", "b:1"));
  ASSERT_TRUE(changes.ok());
  EXPECT_EQ(changes->kept, 7u);
  EXPECT_EQ(changes->added, 2u);
  EXPECT_EQ(changes->removed, 2u);
  EXPECT_EQ(TakeLines(), (Lines{"start e:jaeger", "start p:batch", "stop p:batch", "stop e:jaeger",
                                "destroy e:jaeger", "destroy p:batch"}));
  EXPECT_EQ(journal_.received.size(), 2u);
  EXPECT_TRUE(Receive().ok());
  EXPECT_EQ(TakeLines(), (Lines{"process p:batch", "export e:otlp", "export e:jaeger",
                                "process p:attributes", "process p:batch", "export e:store"}));
}

TEST_F(GraphReloadTest, AChangedProcessorKeepsWhatIsBehindIt) {
  ASSERT_TRUE(Reload(File("1", "b", "a:1")).ok());
  EXPECT_EQ(TakeLines(),
            (Lines{"start p:attributes", "stop p:attributes", "destroy p:attributes"}));
}

TEST_F(GraphReloadTest, AChangedListenerStopsBeforeItsSuccessorStarts) {
  ASSERT_TRUE(Reload(File("2", "a", "a:1")).ok());
  EXPECT_EQ(TakeLines(), (Lines{"stop r:otlp", "start r:otlp", "destroy r:otlp"}));
  Status outcome(StatusCode::kUnknown, "");
  journal_.received.back().traces->Consume(OneSpan(), [&](Status status) { outcome = status; });
  EXPECT_TRUE(outcome.ok());
}

TEST_F(GraphReloadTest, WhatCannotBeMadeChangesNothing) {
  journal_.fails_to_be_made = "jaeger";
  EXPECT_EQ(Reload(File("1", "a", "b:1")).status().ToString(),
            "INVALID_ARGUMENT: exporter jaeger: no such certificate");
  EXPECT_EQ(TakeLines(), Lines{});
  EXPECT_TRUE(Receive().ok());
}

TEST_F(GraphReloadTest, WhatCannotStartIsTakenBack) {
  journal_.fails_to_start = "p:batch";
  EXPECT_EQ(Reload(File("1", "a", "b:1")).status().message(),
            "processor batch of pipeline traces: 127.0.0.1:4317: address in use");
  EXPECT_EQ(TakeLines(),
            (Lines{"start e:jaeger", "stop e:jaeger", "destroy e:jaeger", "destroy p:batch"}));
  journal_.fails_to_start = "";
  EXPECT_TRUE(Receive().ok());
  TakeLines();
  ASSERT_TRUE(Reload(File("1", "a", "b:1")).ok());
}

TEST_F(GraphReloadTest, AListenerThatCannotStartIsReplacedByTheOldOneAgain) {
  // Of two receivers named otlp, the old one stops and starts again.
  factories_.receivers[0].create =
      [this, made = 0](const ComponentContext&, std::shared_ptr<const ConfigBase>,
                       Outputs outputs) mutable -> base::Result<std::unique_ptr<Receiver>> {
    journal_.received.push_back(std::move(outputs));
    const char* name = made++ == 0 ? "r:new" : "r:again";
    return std::unique_ptr<Receiver>(new fakes::FakeReceiver(&journal_, name));
  };
  journal_.fails_to_start = "r:new";
  EXPECT_EQ(Reload(File("2", "a", "a:1")).status().message(),
            "receiver otlp: 127.0.0.1:4317: address in use");
  EXPECT_EQ(TakeLines(),
            (Lines{"stop r:otlp", "start r:again", "destroy r:otlp", "destroy r:new"}));
  EXPECT_TRUE(journal_.received.back().traces->is_connected());
}

// What stands in a call while the configuration is read again.
TEST(Output, CallsUnderWayArriveBeforeTheirStageStops) {
  std::promise<void> entered;
  std::promise<void> go_on;
  class Slow final : public Consumer<span::SpanBatch> {
   public:
    Slow(std::promise<void>* entered, std::future<void> go_on)
        : entered_(entered), go_on_(std::move(go_on)) {}
    void Consume(span::SpanBatch&&, Completion done) override {
      entered_->set_value();
      go_on_.wait();
      done({});
    }

   private:
    std::promise<void>* const entered_;
    std::future<void> go_on_;
  };
  Output<span::SpanBatch> output(std::make_shared<Slow>(&entered, go_on.get_future()));
  std::thread caller([&] { output.Consume(OneSpan(), [](const Status&) {}); });
  entered.get_future().wait();
  const Left left = output.Point(nullptr);
  EXPECT_FALSE(output.is_connected());
  WaitUntilLeft({left}, std::chrono::steady_clock::now());
  EXPECT_FALSE(left.expired());
  go_on.set_value();
  WaitUntilLeft({left}, std::chrono::steady_clock::now() + std::chrono::seconds(20));
  EXPECT_TRUE(left.expired());
  caller.join();
}

TEST(PipelineOrder, EachPipelineComesAfterThoseThatItFeeds) {
  const PipelineOrder order =
      OrderPipelines(4, {{"a", 0, 1}, {"b", 0, 2}, {"c", 2, 1}, {"d", 3, 0}});
  EXPECT_EQ(order.order, (std::vector<size_t>{1, 2, 0, 3}));
  EXPECT_TRUE(order.cycle.empty());
}

TEST(PipelineOrder, ACycleIsFoundWhereverTheWalkBegins) {
  const auto cycle = OrderPipelines(4, {{"in", 0, 1}, {"b", 1, 2}, {"c", 2, 3}, {"d", 3, 1}}).cycle;
  ASSERT_EQ(cycle.size(), 3u);
  EXPECT_EQ(cycle[0].connector, "b");
  EXPECT_EQ(cycle[2].connector, "d");
  EXPECT_EQ(cycle[2].to, 1u);
}

// 100,000 pipelines in a row: nothing recurses.
TEST(PipelineOrder, LongChainsAreOrdered) {
  std::vector<PipelineEdge> edges;
  for (size_t i = 0; i + 1 < 100'000; ++i) edges.push_back({"c", i, i + 1});
  EXPECT_EQ(OrderPipelines(100'000, edges).order.front(), 99'999u);
}

TEST_F(GraphTest, ExtensionsAreFoundByWhatTheyAre) {
  auto graph = Build(
      "receivers: {otlp: }\nexporters: {store: {auth: auth}}\nextensions: {auth: , query: }\n"
      "service: {extensions: [auth, query], pipelines: {traces: {receivers: [otlp], exporters: "
      "[store]}}}\n");
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();

  Extensions extensions;
  extensions.Add("auth", std::make_shared<fakes::FakeAuthenticator>(&journal_, "x:auth"));
  extensions.Add("query", std::make_shared<fakes::Fake<Extension>>(&journal_, "x:query"));
  const ComponentContext context{"store", metrics_, memory_, &extensions};
  ExtensionUse use{"auth", "server authenticator", {"c.yaml", 3, 5}, "exporters::store::auth"};
  EXPECT_TRUE(FindExtension<fakes::Authenticator>(context, use).ok());
  use.id = "query";
  EXPECT_EQ(FindExtension<fakes::Authenticator>(context, use).status().message(),
            "c.yaml:3:5: exporters::store::auth: extension 'query' is not a server authenticator");
  use.id = "other";
  EXPECT_EQ(FindExtension<fakes::Authenticator>(context, use).status().message(),
            "c.yaml:3:5: exporters::store::auth: extension 'other' does not run");
}

TEST_F(GraphTest, ExtensionsComeAfterThoseThatTheyUse) {
  const auto yaml = [](const std::string& auth) {
    return "receivers: {otlp: }\nexporters: {store: , otlp: {auth: auth}}\n"
           "extensions: {query: {auth: auth}, auth: {" +
           auth +
           "}}\n"
           "service: {extensions: [query, auth], pipelines: {traces: {receivers: [otlp], "
           "exporters: [store, otlp]}}}\n";
  };
  auto graph = Build(yaml(""));
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  ASSERT_TRUE((*graph)->Start().ok());
  EXPECT_EQ(TakeLines(), (Lines{"start x:auth", "start x:query", "start e:store", "start e:otlp",
                                "start r:otlp"}));
  config::Problems problems;
  const auto changed =
      Load(std::vector<config::Source>{{"c.yaml", yaml("endpoint: x")}}, {}, factories_, &problems);
  ASSERT_TRUE(changed.ok()) << problems.ToString();
  ASSERT_TRUE((*graph)->Reload(*changed, std::chrono::steady_clock::now()).ok());
  Lines lines = TakeLines();
  ASSERT_EQ(lines.size(), 9u) << "and three are destroyed";
  lines.resize(6);
  EXPECT_EQ(lines, (Lines{"start x:auth", "start x:query", "start e:otlp", "stop e:otlp",
                          "stop x:query", "stop x:auth"}));
}

// Answers when the test says so.
class Held final : public Consumer<span::SpanBatch> {
 public:
  void Consume(span::SpanBatch&& taken, Completion on_done) override {
    batch = std::move(taken);
    done = std::move(on_done);
  }
  span::SpanBatch batch;
  Completion done;
};

struct FanOutCase {
  Status first;
  Status second;
  const char* joined;
  std::optional<milliseconds> retry_after;
};

class FanOutJoins : public testing::TestWithParam<FanOutCase> {};

TEST_P(FanOutJoins, TheWorstWinsInAnyOrder) {
  for (const bool swapped : {false, true}) {
    const auto a = std::make_shared<Held>();
    const auto b = std::make_shared<Held>();
    FanOut<span::SpanBatch> fan_out({a, b});
    std::vector<Status> outcomes;
    fan_out.Consume(OneSpan(), [&](Status status) { outcomes.push_back(std::move(status)); });
    EXPECT_EQ(a->batch.span_count(), 1u);
    EXPECT_EQ(a->batch.chunks()[0], b->batch.chunks()[0]);
    (swapped ? b : a)->done(swapped ? GetParam().second : GetParam().first);
    EXPECT_TRUE(outcomes.empty());
    (swapped ? a : b)->done(swapped ? GetParam().first : GetParam().second);
    ASSERT_EQ(outcomes.size(), 1u);
    EXPECT_EQ(outcomes[0].ToString(), GetParam().joined);
    EXPECT_EQ(outcomes[0].retry_after(), GetParam().retry_after);
  }
}

const Status kOk;
const Status kLater(StatusCode::kUnavailable, "later");
const Status kNever(StatusCode::kInvalidArgument, "never");

INSTANTIATE_TEST_SUITE_P(Table, FanOutJoins,
                         testing::Values(FanOutCase{kOk, kOk, "OK", {}},
                                         FanOutCase{kOk, kLater, "UNAVAILABLE: later", {}},
                                         FanOutCase{kOk, kNever, "INVALID_ARGUMENT: never", {}},
                                         FanOutCase{kLater, kNever, "INVALID_ARGUMENT: never", {}},
                                         FanOutCase{Status::Unavailable("later", milliseconds(5)),
                                                    Status::Unavailable("later", milliseconds(9)),
                                                    "UNAVAILABLE: later", milliseconds(9)},
                                         FanOutCase{kLater,
                                                    Status::Unavailable("later", milliseconds(9)),
                                                    "UNAVAILABLE: later", milliseconds(9)}));

}  // namespace
}  // namespace spandrel::pipeline
