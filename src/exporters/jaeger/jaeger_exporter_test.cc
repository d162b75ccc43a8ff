// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "exporters/factories.h"
#include "exporters/jaeger/config.h"
#include "exporters/jaeger/post_spans.h"
#include "exporters/testing/decode_yaml.h"
#include "exporters/testing/fake_peer.h"
#include "wire/jaeger/jaeger.h"
#include "wire/testing/request.h"

namespace spandrel::exporters {
namespace {

using base::Status;
using base::StatusCode;
using wire::MakeTestBatch;

constexpr const char* kPostSpans = "/jaeger.api_v2.CollectorService/PostSpans";
constexpr const char* kQuickRetry =
    "retry_on_failure: {initial_interval: 1ms, max_interval: 5ms, max_elapsed_time: 0s}\n"
    "sending_queue: {wait_for_result: true}\n";

class JaegerExporterTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (exporter_) exporter_->Shutdown(std::chrono::steady_clock::now());
  }
  void Make(const net::Endpoint& peer) {
    const auto factory = MakeJaegerExporterFactory(runtime_);
    config::Problems problems;
    const auto config =
        DecodeYaml("endpoint: " + peer.ToString() + "\ntls: {insecure: true}\n" + kQuickRetry,
                   factory.decode, &problems);
    ASSERT_FALSE(problems.has_errors()) << problems.ToString();
    auto made = factory.create.traces({"jaeger", metrics_, memory_}, config);
    ASSERT_TRUE(made.ok());
    exporter_ = std::move(*made);
    ASSERT_TRUE(exporter_->Start().ok());
  }
  void Consume(span::SpanBatch batch) {
    exporter_->Consume(std::move(batch), [this](Status status) { outcomes_.Put(status); });
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{256 << 20};
  net::IoRuntime runtime_{2};
  Mailbox<Status> outcomes_;
  std::unique_ptr<pipeline::Exporter<span::SpanBatch>> exporter_;
};

TEST_F(JaegerExporterTest, PostsTheSpansOfEachResource) {
  FakePeer peer(runtime_, kPostSpans, [](net::GrpcCall& call) { call.Reply(""); });
  peer.Start();
  Make(peer.endpoint());
  span::SpanBatch batch = MakeTestBatch("frontend", 1, 3);
  batch.Append(MakeTestBatch("driver", 4, 2));
  Consume(std::move(batch));
  EXPECT_TRUE(outcomes_.WaitFor(1)[0].ok());

  std::map<std::string, size_t> spans_of_service;
  for (const auto& request : peer.received.WaitFor(2)) {
    const auto decoded = wire::DecodePostSpansRequest(request.message);
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    spans_of_service[decoded->process.service_name] += decoded->spans.size();
  }
  EXPECT_THAT(spans_of_service,
              ::testing::ElementsAre(std::pair("driver", 2u), std::pair("frontend", 3u)));
}

TEST_F(JaegerExporterTest, WaitsForAJaegerThatIsDownOrBusy) {
  std::atomic<int> calls{0};
  FakePeer peer(runtime_, kPostSpans, [&calls](net::GrpcCall& call) {
    if (calls++ == 0) return call.Finish({StatusCode::kResourceExhausted, "server busy"});
    call.Reply("");
  });
  peer.Start();
  peer.Stop();
  Make(peer.endpoint());
  Consume(MakeTestBatch("shop", 1, 1));
  peer.Start();
  EXPECT_TRUE(outcomes_.WaitFor(1)[0].ok());
  EXPECT_EQ(calls, 2);
}

TEST_F(JaegerExporterTest, AServerThatIsNoJaegerIsNotAskedAgain) {
  FakePeer peer(runtime_, "/other.Service/Method", [](net::GrpcCall& call) { call.Reply(""); });
  peer.Start();
  Make(peer.endpoint());
  Consume(MakeTestBatch("shop", 1, 1));
  EXPECT_EQ(outcomes_.WaitFor(1)[0].code(), StatusCode::kUnimplemented);
}

TEST_F(JaegerExporterTest, ShutdownDuringABatchOfManyResourcesEnds) {
  FakePeer peer(runtime_, kPostSpans, [](net::GrpcCall& call) { call.Reply(""); });
  peer.Start();
  Make(peer.endpoint());
  span::SpanBatch batch;
  for (int i = 0; i < 200; ++i) {
    batch.Append(MakeTestBatch("service " + std::to_string(i), 1 + static_cast<uint64_t>(i), 1));
  }
  Consume(std::move(batch));
  peer.received.WaitFor(1);
  exporter_->Shutdown(std::chrono::steady_clock::now());
  outcomes_.WaitFor(1);
}

TEST(PostSpansTest, NoRequestIsLargerThanThePeerTakes) {
  const auto batch = MakeTestBatch("shop", 1, 200, 1'000);
  const auto requests = MakePostSpansRequests(batch, 20'000);
  EXPECT_GE(requests.size(), 10u);
  size_t spans = 0;
  for (const std::string& request : requests) {
    EXPECT_LE(request.size(), 20'000u);
    spans += wire::DecodePostSpansRequest(request)->spans.size();
  }
  EXPECT_EQ(spans, 200u);
  EXPECT_EQ(MakePostSpansRequests(batch).size(), 1u);
  EXPECT_EQ(MakePostSpansRequests(MakeTestBatch("shop", 1, 2, 50'000), 20'000).size(), 2u);
}

TEST(PostSpansTest, AllButWhatCannotGetBetterIsTriedAgain) {
  EXPECT_TRUE(StatusOfPostSpans({}).ok());
  for (const auto code : {StatusCode::kUnavailable, StatusCode::kInternal, StatusCode::kUnknown,
                          StatusCode::kResourceExhausted, StatusCode::kUnauthenticated}) {
    EXPECT_TRUE(StatusOfPostSpans({code, "why"}).retryable()) << base::StatusCodeName(code);
  }
  EXPECT_FALSE(StatusOfPostSpans({StatusCode::kInvalidArgument, ""}).retryable());
  EXPECT_FALSE(StatusOfPostSpans({StatusCode::kUnimplemented, ""}).retryable());
  EXPECT_FALSE(StatusOfPostSpans({StatusCode::kResourceExhausted,
                                  "grpc: received message larger than max (5 vs. 4)"})
                   .retryable());
}

TEST(JaegerExporterConfigTest, TakesTheTutorialAndTheOldSpelling) {
  config::Problems problems;
  auto config = DecodeYaml("{endpoint: 'jaeger:14250', tls: {insecure: true}}",
                           DecodeJaegerExporterConfig, &problems);
  EXPECT_TRUE(problems.all().empty()) << problems.ToString();
  EXPECT_EQ(config->channel.endpoint.ToString(), "jaeger:14250");
  EXPECT_TRUE(config->channel.tls.insecure);
  EXPECT_EQ(config->channel.compression, "");
  EXPECT_FALSE(DecodeYaml("endpoint: jaeger:14250", DecodeJaegerExporterConfig, &problems)
                   ->channel.tls.insecure);

  config = DecodeYaml("{endpoint: 'jaeger:14250', insecure: true}", DecodeJaegerExporterConfig,
                      &problems);
  EXPECT_TRUE(config->channel.tls.insecure);
  EXPECT_FALSE(problems.has_errors());
  ASSERT_EQ(problems.all().size(), 1u);
  EXPECT_TRUE(problems.all()[0].is_warning);

  DecodeYaml("endpoint: jaeger", DecodeJaegerExporterConfig, &problems);
  EXPECT_TRUE(problems.has_errors());
}

}  // namespace
}  // namespace spandrel::exporters
