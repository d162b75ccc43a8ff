// SPDX-License-Identifier: Apache-2.0
// A collector of real components between real sockets, whose configuration changes while requests
// come in.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "connectors/factories.h"
#include "exporters/factories.h"
#include "exporters/testing/fake_peer.h"
#include "net/grpc/grpc_channel.h"
#include "pipeline/graph/graph.h"
#include "pipeline/service_config.h"
#include "processors/factories.h"
#include "receivers/factories.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_paths.h"
#include "wire/testing/request.h"

namespace spandrel {
namespace {

using exporters::FakePeer;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Reload : public testing::Test {
 protected:
  Reload() {
    factories_.receivers = {receivers::MakeOtlpReceiverFactory(
        runtime_, [this](std::string_view, const net::Endpoint& bound) { bound_ = bound; })};
    factories_.processors = {processors::MakeBatchProcessorFactory()};
    factories_.exporters = {exporters::MakeOtlpGrpcExporterFactory(runtime_),
                            exporters::MakeNopExporterFactory()};
    factories_.connectors = {connectors::MakeForwardConnectorFactory()};
  }
  void TearDown() override {
    if (graph_) graph_->Shutdown(std::chrono::steady_clock::now() + seconds(10));
  }

  // OTLP in; batched; out to `peer`, and by way of a connector to nowhere.
  base::Result<pipeline::ServiceConfig> Read(const FakePeer& peer) {
    const std::string yaml =
        "receivers: {otlp: {protocols: {grpc: {endpoint: '127.0.0.1:0'}}}}\n"
        "processors: {batch: {timeout: 2ms}}\n"
        "connectors: {forward: }\n"
        "exporters: {nop: , otlp: {tls: {insecure: true}, endpoint: '" +
        peer.endpoint().ToString() +
        "'}}\n"
        "service:\n  pipelines:\n"
        "    traces: {receivers: [otlp], processors: [batch], exporters: [otlp, forward]}\n"
        "    traces/nowhere: {receivers: [forward], exporters: [nop]}\n";
    config::Problems problems;
    auto service =
        pipeline::Load(std::vector<config::Source>{{"c.yaml", yaml}}, {}, factories_, &problems);
    EXPECT_EQ(problems.ToString(), "");
    return service;
  }
  void Start(const FakePeer& peer) {
    auto service = Read(peer);
    ASSERT_TRUE(service.ok());
    auto graph = pipeline::Graph::Build(*service, factories_, metrics_, memory_);
    ASSERT_TRUE(graph.ok()) << graph.status().ToString();
    graph_ = *std::move(graph);
    const base::Status started = graph_->Start();
    ASSERT_TRUE(started.ok()) << started.ToString();
  }

  // Sends one span after another until `stop`; counts what was taken, keeps what was not.
  void Send(uint64_t first_id, const std::atomic<bool>& stop) {
    net::GrpcChannelOptions options;
    options.endpoint = bound_;
    options.tls.insecure = true;
    net::GrpcChannel channel(runtime_, options);
    for (uint64_t id = first_id; !stop; ++id) {
      const auto reply = channel.UnaryAndWait(wire::OtlpGrpcMethod(signal::Signal::kTraces),
                                              wire::MakeTestRequest("shop", id, 1), seconds(20));
      if (reply.status.ok()) {
        ++taken_;
      } else {
        refusals_.Put(reply.status.ToString());
      }
    }
  }

  void SpansIn(FakePeer& peer, std::map<std::string, int>* spans) {
    for (const auto& request : peer.received.WaitFor(0)) {
      auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(request.message));
      ASSERT_TRUE(decoded.ok());
      const span::SpanBatch batch(decoded->chunk);
      span::ForEachSpan(
          batch, [&](const span::SpanRef& span) { ++(*spans)[span.entry().span_id.ToHex()]; });
    }
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{256 << 20};
  net::IoRuntime runtime_{2};
  net::Endpoint bound_;
  pipeline::Factories factories_;
  std::unique_ptr<pipeline::Graph> graph_;
  std::atomic<size_t> taken_{0};
  exporters::Mailbox<std::string> refusals_;
};

TEST_F(Reload, OfAnExporterUnderLoadRefusesNobodyAndLosesNothing) {
  const auto answer = [](net::GrpcCall& call) { call.Reply(""); };
  const std::string method(wire::OtlpGrpcMethod(signal::Signal::kTraces));
  FakePeer first(runtime_, method, answer);
  FakePeer second(runtime_, method, answer);
  first.Start();
  second.Start();
  Start(first);

  std::atomic<bool> stop{false};
  std::vector<std::thread> senders;
  for (uint64_t i = 0; i < 4; ++i) {
    senders.emplace_back([this, i, &stop] { Send((i << 32) + 1, stop); });
  }
  for (int round = 0; round < 20; ++round) {
    const size_t target = taken_ + 40;
    while (taken_ < target && refusals_.size() == 0) std::this_thread::yield();
    const auto service = Read(round % 2 == 0 ? second : first);
    EXPECT_TRUE(service.ok());
    if (!service.ok()) break;
    const auto changes = graph_->Reload(*service, std::chrono::steady_clock::now() + seconds(10));
    EXPECT_TRUE(changes.ok()) << changes.status().ToString();
    if (!changes.ok()) break;
    // The receiver, the connector and its exporter stay.
    EXPECT_EQ(changes->kept, 3u);
    EXPECT_EQ(changes->added, 2u);
    EXPECT_EQ(changes->removed, 2u);
  }
  stop = true;
  for (std::thread& sender : senders) sender.join();
  graph_->Shutdown(std::chrono::steady_clock::now() + seconds(10));
  graph_.reset();

  EXPECT_EQ(refusals_.WaitFor(0), std::vector<std::string>{});
  std::map<std::string, int> spans;
  SpansIn(first, &spans);
  SpansIn(second, &spans);
  EXPECT_EQ(spans.size(), taken_);
  for (const auto& [id, times] : spans) EXPECT_EQ(times, 1) << id;
  EXPECT_EQ(metrics_.AddCounter("otelcol_exporter_sent_spans", {{"exporter", "nop"}}).value(),
            taken_);
  EXPECT_GT(first.received.size(), 0u);
  EXPECT_GT(second.received.size(), 0u);
}

}  // namespace
}  // namespace spandrel
