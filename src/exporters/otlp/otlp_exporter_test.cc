// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "endpoints/client_authenticator.h"
#include "exporters/factories.h"
#include "exporters/otlp/partial_success.h"
#include "exporters/testing/decode_yaml.h"
#include "exporters/testing/fake_peer.h"
#include "net/http/compression.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "pipeline/extensions.h"
#include "signal/batch.h"
#include "signal/origin.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_paths.h"
#include "wire/otlp/otlp_records.h"
#include "wire/testing/request.h"

namespace spandrel::exporters {
namespace {

using base::Status;
using base::StatusCode;
using std::chrono::milliseconds;
using wire::MakeTestBatch;
using wire::MakeTestRequest;

constexpr const char* kExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
// Attempts follow one another at once, so that tests need not wait.
constexpr const char* kQuickRetry =
    "retry_on_failure: {initial_interval: 1ms, max_interval: 5ms, max_elapsed_time: 0s}\n"
    "sending_queue: {wait_for_result: true}\n";

// Shows another ticket each time.
class Tickets final : public pipeline::Extension, public endpoints::ClientAuthenticator {
 public:
  Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point) override {}
  void Authorize(net::Headers* headers) override {
    endpoints::ReplaceHeader(headers, "authorization", "Ticket " + std::to_string(++count_));
  }

 private:
  std::atomic<int> count_{0};
};

class OtlpExporterTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (exporter_) exporter_->Shutdown(std::chrono::steady_clock::now());
  }
  void Make(const pipeline::ExporterFactory& factory, const std::string& yaml) {
    config::Problems problems;
    const auto config = DecodeYaml(yaml, factory.decode, &problems);
    ASSERT_FALSE(problems.has_errors()) << problems.ToString();
    auto made = factory.create.traces({"otlp", metrics_, memory_, &extensions_}, config);
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    exporter_ = std::move(*made);
    ASSERT_TRUE(exporter_->Start().ok());
  }
  void MakeGrpc(const net::Endpoint& peer, const std::string& more = kQuickRetry) {
    Make(MakeOtlpGrpcExporterFactory(runtime_),
         "endpoint: " + peer.ToString() + "\ntls: {insecure: true}\n" + more);
  }
  void MakeHttp(const net::Endpoint& peer, const std::string& more = kQuickRetry) {
    Make(MakeOtlpHttpExporterFactory(runtime_),
         "endpoint: http://" + peer.ToString() + "\n" + more);
  }
  void Consume(span::SpanBatch batch) {
    exporter_->Consume(std::move(batch), [this](Status status) { outcomes_.Put(status); });
  }
  uint64_t CounterValue(std::string_view name) {
    return metrics_.AddCounter(name, {{"exporter", "otlp"}}).value();
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{256 << 20};
  net::IoRuntime runtime_{2};
  pipeline::Extensions extensions_;
  Mailbox<Status> outcomes_;
  std::unique_ptr<pipeline::Exporter<span::SpanBatch>> exporter_;
};

void ReplyEmpty(net::GrpcCall& call) {
  call.Reply("");
}

TEST_F(OtlpExporterTest, PassesBytesOnAsTheyCame) {
  FakePeer peer(runtime_, kExport, ReplyEmpty);
  peer.Start();
  for (const auto* compression : {"none", "gzip", "zstd"}) {
    MakeGrpc(peer.endpoint(), std::string(kQuickRetry) +
                                  "headers: {X-Tenant: blue}\ncompression: " + compression + "\n");
    const size_t before = peer.received.size();
    Consume(MakeTestBatch("shop", 1, 50, 100));
    const auto got = peer.received.WaitFor(before + 1).back();
    EXPECT_EQ(got.message, MakeTestRequest("shop", 1, 50, 100)) << compression;
    EXPECT_EQ(net::FindHeader(got.headers, "x-tenant"), "blue");
    EXPECT_TRUE(outcomes_.WaitFor(before + 1).back().ok());
    exporter_->Shutdown(std::chrono::steady_clock::now());
  }
  EXPECT_EQ(CounterValue("otelcol_exporter_sent_spans"), 150u);
}

TEST_F(OtlpExporterTest, LogsInWithEachRequest) {
  extensions_.Add("tickets", std::make_shared<Tickets>());
  const std::string login =
      std::string(kQuickRetry) + "headers: {authorization: old}\nauth: {authenticator: tickets}\n";
  FakePeer grpc(runtime_, kExport, ReplyEmpty);
  grpc.Start();
  MakeGrpc(grpc.endpoint(), login);
  for (const char* expected : {"Ticket 1", "Ticket 2"}) {
    const size_t before = grpc.received.size();
    Consume(MakeTestBatch("shop", 1, 1));
    const auto got = grpc.received.WaitFor(before + 1).back();
    EXPECT_EQ(net::FindHeader(got.headers, "authorization"), expected);
  }
  outcomes_.WaitFor(2);
  exporter_->Shutdown(std::chrono::steady_clock::now());

  FakePeer http(runtime_, [](const net::Request&) { return net::Response(); });
  http.Start();
  MakeHttp(http.endpoint(), login);
  Consume(MakeTestBatch("shop", 1, 1));
  const auto got = http.received.WaitFor(1).back();
  EXPECT_EQ(net::FindHeader(got.headers, "authorization"), "Ticket 3");
  EXPECT_EQ(std::count_if(got.headers.begin(), got.headers.end(),
                          [](const auto& header) { return header.first == "authorization"; }),
            1);
}

// Whose spans they are is for this process; the next one has tenants of its own.
TEST_F(OtlpExporterTest, TellsThePeerNothingOfTheOrigin) {
  FakePeer peer(runtime_, kExport, ReplyEmpty);
  peer.Start();
  MakeGrpc(peer.endpoint());
  span::SpanBatch batch = MakeTestBatch("a", 1, 3);
  batch.set_origin(std::make_shared<const signal::Origin>(
      signal::Origin{"team-a", "ann", {{"x-scope-orgid", "team-a"}}, "10.0.0.1:1"}));
  Consume(std::move(batch));
  const auto got = peer.received.WaitFor(1)[0];
  EXPECT_EQ(net::FindHeader(got.headers, "x-scope-orgid"), "");
  for (const auto& [name, value] : got.headers) {
    EXPECT_EQ(value.find("team-a"), std::string::npos) << name;
  }
}

TEST_F(OtlpExporterTest, SplicesTheRequestsOfAMergedBatch) {
  FakePeer peer(runtime_, kExport, ReplyEmpty);
  peer.Start();
  MakeGrpc(peer.endpoint());
  span::SpanBatch batch = MakeTestBatch("a", 1, 3);
  batch.Append(MakeTestBatch("b", 4, 3));
  Consume(std::move(batch));
  EXPECT_EQ(peer.received.WaitFor(1)[0].message,
            MakeTestRequest("a", 1, 3) + MakeTestRequest("b", 4, 3));
}

TEST_F(OtlpExporterTest, TriesAgainAsLongAsThePeerAsksForIt) {
  std::atomic<int> calls{0};
  FakePeer peer(runtime_, kExport, [&calls](net::GrpcCall& call) {
    switch (calls++) {
      case 0:
        return call.Finish(Status::Unavailable("full", milliseconds(2)));
      case 1: {
        Status quota(StatusCode::kResourceExhausted, "quota");
        quota.set_retry_after(milliseconds(1));
        return call.Finish(quota);
      }
      default:
        return call.Reply("");
    }
  });
  peer.Start();
  MakeGrpc(peer.endpoint());
  Consume(MakeTestBatch("shop", 1, 1));
  EXPECT_TRUE(outcomes_.WaitFor(1)[0].ok());
  EXPECT_EQ(calls, 3);
}

TEST_F(OtlpExporterTest, DoesNotRepeatWhatIsRefusedForGood) {
  for (const auto code : {StatusCode::kInvalidArgument, StatusCode::kResourceExhausted,
                          StatusCode::kUnauthenticated}) {
    FakePeer peer(runtime_, kExport, [code](net::GrpcCall& call) { call.Finish({code, "no"}); });
    peer.Start();
    MakeGrpc(peer.endpoint());
    const size_t before = outcomes_.size();
    Consume(MakeTestBatch("shop", 1, 1));
    EXPECT_EQ(outcomes_.WaitFor(before + 1).back().code(), code);
    EXPECT_EQ(peer.received.size(), 1u);
    exporter_->Shutdown(std::chrono::steady_clock::now());
  }
  EXPECT_EQ(CounterValue("otelcol_exporter_send_failed_spans"), 3u);
}

TEST_F(OtlpExporterTest, APeerThatComesLateOrGoesAwayLosesNothing) {
  FakePeer peer(runtime_, kExport, ReplyEmpty);
  peer.Start();
  peer.Stop();
  MakeGrpc(peer.endpoint());
  Consume(MakeTestBatch("shop", 1, 1));
  peer.Start();
  EXPECT_TRUE(outcomes_.WaitFor(1)[0].ok());
  peer.Stop();
  Consume(MakeTestBatch("shop", 2, 1));
  peer.Start();
  EXPECT_TRUE(outcomes_.WaitFor(2)[1].ok());
  EXPECT_EQ(CounterValue("otelcol_exporter_sent_spans"), 2u);
}

TEST_F(OtlpExporterTest, APeerThatNeverAnswersCostsOneTimeout) {
  FakePeer peer(runtime_, kExport, [](net::GrpcCall&) {});
  peer.Start();
  MakeGrpc(peer.endpoint(),
           "timeout: 50ms\nretry_on_failure: {enabled: false}\n"
           "sending_queue: {wait_for_result: true}\n");
  Consume(MakeTestBatch("shop", 1, 1));
  EXPECT_FALSE(outcomes_.WaitFor(1)[0].ok());
}

TEST_F(OtlpExporterTest, CountsPartialSuccessAndDoesNotRepeatIt) {
  FakePeer peer(runtime_, kExport, [](net::GrpcCall& call) {
    call.Reply(wire::EncodeExportResponseProtobuf({3, "bad ids"}));
  });
  peer.Start();
  MakeGrpc(peer.endpoint());
  Consume(MakeTestBatch("shop", 1, 10));
  EXPECT_TRUE(outcomes_.WaitFor(1)[0].ok());
  EXPECT_EQ(peer.received.size(), 1u);
  EXPECT_EQ(CounterValue("spandrel_exporter_rejected_spans_total"), 3u);
}

TEST_F(OtlpExporterTest, AMalformedAnswerIsAFailure) {
  FakePeer peer(runtime_, kExport, [](net::GrpcCall& call) { call.Reply("\xff\xff\xff"); });
  peer.Start();
  MakeGrpc(peer.endpoint());
  Consume(MakeTestBatch("shop", 1, 1));
  EXPECT_EQ(outcomes_.WaitFor(1)[0].code(), StatusCode::kInternal);
}

TEST_F(OtlpExporterTest, SendsOverHttpInBothEncodings) {
  net::Response empty;
  empty.headers = {{"content-type", "application/x-protobuf"}};
  FakePeer peer(runtime_, [empty](const net::Request&) { return empty; });
  peer.Start();
  MakeHttp(peer.endpoint());
  Consume(MakeTestBatch("shop", 1, 5));
  EXPECT_TRUE(outcomes_.WaitFor(1)[0].ok());
  auto got = peer.received.WaitFor(1)[0];
  EXPECT_EQ(net::FindHeader(got.headers, "content-type"), "application/x-protobuf");
  EXPECT_EQ(net::FindHeader(got.headers, "content-encoding"), "gzip");
  base::ByteBudget::Reservation reservation;
  ASSERT_TRUE(memory_.TryReserve(0, &reservation));
  const auto plain = net::Decompress("gzip", got.message, 1 << 20, &reservation);
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(*plain, MakeTestRequest("shop", 1, 5));
  exporter_->Shutdown(std::chrono::steady_clock::now());

  MakeHttp(peer.endpoint(), std::string(kQuickRetry) + "encoding: json\ncompression: none\n");
  Consume(MakeTestBatch("shop", 1, 5));
  got = peer.received.WaitFor(2)[1];
  EXPECT_EQ(net::FindHeader(got.headers, "content-type"), "application/json");
  const auto decoded = wire::DecodeOtlpJson(got.message);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->chunk->spans.size(), 5u);
}

TEST_F(OtlpExporterTest, CountsPartialSuccessOverHttpInBothEncodings) {
  for (const bool json : {false, true}) {
    net::Response partial;
    partial.headers = {{"content-type", json ? "application/json" : "application/x-protobuf"}};
    partial.body = json ? wire::EncodeExportResponseJson({3, "bad ids"})
                        : wire::EncodeExportResponseProtobuf({3, "bad ids"});
    FakePeer peer(runtime_, [partial](const net::Request&) { return partial; });
    peer.Start();
    MakeHttp(peer.endpoint(), std::string(kQuickRetry) + (json ? "encoding: json\n" : ""));
    const size_t before = outcomes_.size();
    Consume(MakeTestBatch("shop", 1, 10));
    EXPECT_TRUE(outcomes_.WaitFor(before + 1).back().ok());
    exporter_->Shutdown(std::chrono::steady_clock::now());
  }
  EXPECT_EQ(CounterValue("spandrel_exporter_rejected_spans_total"), 6u);
}

TEST_F(OtlpExporterTest, ObeysHttpStatuses) {
  std::atomic<int> calls{0};
  FakePeer peer(runtime_, [&calls](const net::Request&) {
    net::Response response;
    response.status = calls++ == 0 ? 503 : 400;
    response.headers = {{"retry-after", "0"}};
    return response;
  });
  peer.Start();
  MakeHttp(peer.endpoint());
  Consume(MakeTestBatch("shop", 1, 1));
  const Status outcome = outcomes_.WaitFor(1)[0];
  EXPECT_FALSE(outcome.ok());
  EXPECT_FALSE(outcome.retryable());
  EXPECT_EQ(calls, 2);
}

// Metrics and logs as libprotobuf writes them arrive as they were.
template <typename Batch>
class OtlpExporterOf : public ::testing::Test {
 protected:
  static constexpr signal::Signal kSignal = signal::kSignalOf<Batch>;

  void TearDown() override {
    if (exporter_) exporter_->Shutdown(std::chrono::steady_clock::now());
  }
  void Make(const pipeline::ExporterFactory& factory, const std::string& yaml) {
    config::Problems problems;
    const auto config = DecodeYaml(yaml + kQuickRetry, factory.decode, &problems);
    ASSERT_FALSE(problems.has_errors()) << problems.ToString();
    auto made = factory.create.get<Batch>()({"otlp", metrics_, memory_}, config);
    ASSERT_TRUE(made.ok());
    exporter_ = std::move(*made);
  }
  static std::string Request() {
    if constexpr (kSignal == signal::Signal::kMetrics) {
      opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest request;
      auto* metric = request.add_resource_metrics()->add_scope_metrics()->add_metrics();
      metric->mutable_gauge()->add_data_points()->set_as_double(1.5);
      return request.SerializeAsString();
    } else {
      opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest request;
      request.add_resource_logs()->add_scope_logs()->add_log_records()->set_severity_text("WARN");
      return request.SerializeAsString();
    }
  }
  Status Send() {
    auto decoded = wire::DecodeOtlpRecords(kSignal, base::MakeSharedBytes(Request()));
    EXPECT_TRUE(decoded.ok());
    const size_t before = outcomes_.size();
    exporter_->Consume(Batch(*decoded), [this](Status status) { outcomes_.Put(status); });
    return outcomes_.WaitFor(before + 1).back();
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{256 << 20};
  net::IoRuntime runtime_{2};
  Mailbox<Status> outcomes_;
  std::unique_ptr<pipeline::Exporter<Batch>> exporter_;
};

using RecordBatches = ::testing::Types<signal::MetricBatch, signal::LogBatch>;
TYPED_TEST_SUITE(OtlpExporterOf, RecordBatches);

TYPED_TEST(OtlpExporterOf, SendsByGrpc) {
  FakePeer peer(this->runtime_, std::string(wire::OtlpGrpcMethod(TestFixture::kSignal)),
                ReplyEmpty);
  peer.Start();
  this->Make(MakeOtlpGrpcExporterFactory(this->runtime_),
             "endpoint: " + peer.endpoint().ToString() + "\ntls: {insecure: true}\n");
  EXPECT_TRUE(this->Send().ok());
  EXPECT_EQ(peer.received.WaitFor(1)[0].message, this->Request());
  EXPECT_EQ(this->metrics_
                .AddCounter(
                    "otelcol_exporter_sent_" + std::string(signal::ItemsName(TestFixture::kSignal)),
                    {{"exporter", "otlp"}})
                .value(),
            1u);
}

TYPED_TEST(OtlpExporterOf, SendsByHttpToThePathOfTheSignal) {
  std::string path;
  FakePeer peer(this->runtime_, [&path](const net::Request& request) {
    path = request.path;
    return net::Response{};
  });
  peer.Start();
  const auto factory = MakeOtlpHttpExporterFactory(this->runtime_);
  const std::string url = "http://" + peer.endpoint().ToString();
  this->Make(factory, "endpoint: " + url + "/otlp\ncompression: none\n");
  EXPECT_TRUE(this->Send().ok());
  EXPECT_EQ(path, "/otlp" + std::string(wire::OtlpHttpPath(TestFixture::kSignal)));
  EXPECT_EQ(peer.received.WaitFor(1)[0].message, this->Request());
  this->exporter_->Shutdown(std::chrono::steady_clock::now());

  const std::string name(signal::SignalName(TestFixture::kSignal));
  this->Make(factory, name + "_endpoint: " + url + "/exact\nencoding: json\ncompression: none\n");
  EXPECT_TRUE(this->Send().ok());
  EXPECT_EQ(path, "/exact");
  const auto json =
      wire::DecodeOtlpRecordsJson(TestFixture::kSignal, peer.received.WaitFor(2)[1].message);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(wire::EncodeOtlpProtobuf(TypeParam(*json)), this->Request());
}

TEST_F(OtlpExporterTest, ASignalWithoutAUrlCannotBeMade) {
  const auto factory = MakeOtlpHttpExporterFactory(runtime_);
  config::Problems problems;
  const auto config = DecodeYaml("metrics_endpoint: http://h/m", factory.decode, &problems);
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
  EXPECT_TRUE(factory.create.metrics({"otlp", metrics_, memory_}, config).ok());
  EXPECT_EQ(factory.create.traces({"otlp", metrics_, memory_}, config).status().message(),
            "no URL for traces: write 'endpoint' or 'traces_endpoint'");
}

TEST(PartialSuccessReportTest, WritesALineAMinuteAtMost) {
  struct ManualClock : base::Clock {
    uint64_t NowUnixNano() const override { return 0; }
    std::chrono::steady_clock::time_point NowSteady() const override { return now; }
    std::chrono::steady_clock::time_point now{};
  } clock;
  base::MetricRegistry metrics;
  base::ByteBudget memory(1);
  PartialSuccessReport report({"otlp", metrics, memory}, signal::Signal::kTraces, clock);
  report.Add({});
  EXPECT_EQ(report.lines(), 0u);
  for (int i = 0; i < 100; ++i) report.Add({2, "bad ids"});
  EXPECT_EQ(report.lines(), 1u);
  clock.now += std::chrono::minutes(1);
  report.Add({0, "a warning"});
  EXPECT_EQ(report.lines(), 2u);
}

}  // namespace
}  // namespace spandrel::exporters
