// SPDX-License-Identifier: Apache-2.0
#include "pipeline/graph/graph.h"

#include <gtest/gtest.h>

#include "pipeline/fan_out.h"
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
    journal_.received.at(0)->Consume(OneSpan(), [&](Status status) {
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

// Answers when the test says so.
class Held final : public Consumer {
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
    FanOut fan_out({a, b});
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
