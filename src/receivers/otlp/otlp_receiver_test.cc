// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/otlp_receiver.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "base/base64.h"
#include "net/grpc/grpc_channel.h"
#include "net/http/compression.h"
#include "net/http/rpc_status.h"
#include "net/peer/client.h"
#include "net/socket/io_runtime.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "pipeline/extensions.h"
#include "receivers/factories.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_paths.h"
#include "wire/otlp/otlp_records.h"
#include "wire/testing/request.h"

namespace spandrel::receivers {
namespace {

using base::Status;
using base::StatusCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::MakeTestRequest;

constexpr const char* kExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr seconds kTimeout{20};

// Answers with `answer`, from a thread of its own when asked to.
class FakePipeline : public pipeline::Consumer<span::SpanBatch> {
 public:
  // Once nothing comes any more. A thread may be the last to hold the pipeline, so that the
  // destructor cannot wait for it.
  void WaitForThreads() {
    for (auto& thread : threads_) thread.join();
  }
  void Consume(span::SpanBatch&& batch, pipeline::Completion done) override {
    std::lock_guard lock(mutex_);
    spans += batch.span_count();
    encoded = wire::EncodeOtlpProtobuf(batch);
    origin = batch.origin();
    if (!on_other_thread) return done(answer);
    threads_.emplace_back([answer = answer, done = std::move(done)] { done(answer); });
  }

  std::mutex mutex_;
  size_t spans = 0;
  std::string encoded;
  signal::SharedOrigin origin;
  Status answer;
  bool on_other_thread = false;

 private:
  std::vector<std::thread> threads_;
};

// Takes metrics or logs.
template <typename Batch>
class KeepingPipeline : public pipeline::Consumer<Batch> {
 public:
  void Consume(Batch&& batch, pipeline::Completion done) override {
    std::lock_guard lock(mutex_);
    items += batch.item_count();
    encoded = wire::EncodeOtlpProtobuf(batch);
    done({});
  }

  std::mutex mutex_;
  size_t items = 0;
  std::string encoded;
};

// Believes whoever says a name.
class NameTags final : public pipeline::Extension, public endpoints::ServerAuthenticator {
 public:
  Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point) override {}
  base::Result<endpoints::Identity> Authenticate(const net::Headers& headers) override {
    const std::string_view name = net::FindHeader(headers, "x-name");
    if (name.empty()) return Status(StatusCode::kUnauthenticated, "say your name");
    return endpoints::Identity{std::string(name)};
  }
  std::string Challenge() const override { return "NameTag"; }
};

class OtlpReceiverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    outputs_.traces->Point(pipeline_);
    config_->grpc.emplace();
    config_->grpc->listener.endpoint = {"127.0.0.1", 0};
    config_->http.emplace();
    config_->http->listener.endpoint = {"127.0.0.1", 0};
  }
  void TearDown() override {
    if (receiver_) receiver_->Shutdown(std::chrono::steady_clock::now() + seconds(5));
    pipeline_->WaitForThreads();
  }

  void Start() {
    auto factory = MakeOtlpReceiverFactory(
        runtime_,
        [this](std::string_view protocol, const net::Endpoint& endpoint) {
          bound_[std::string(protocol)] = endpoint;
        },
        [this] { return tenants_on_.load(); }, &intake_);
    auto made = factory.create({"otlp", metrics_, memory_, &extensions_}, config_, outputs_);
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    receiver_ = std::move(*made);
    const Status started = receiver_->Start();
    ASSERT_TRUE(started.ok()) << started.ToString();
    ASSERT_EQ(bound_.size(), 2u);
  }

  net::GrpcChannel::Reply Call(std::string_view message, std::string compression = "",
                               std::string_view path = kExport, net::Headers metadata = {}) {
    net::GrpcChannelOptions options;
    options.endpoint = bound_["grpc"];
    options.tls.insecure = true;
    options.compression = std::move(compression);
    options.headers = std::move(metadata);
    net::GrpcChannel channel(runtime_, options);
    return channel.UnaryAndWait(path, message, kTimeout);
  }

  net::Response Post(std::string body, net::Headers headers, std::string path = "/v1/traces",
                     std::string method = "POST") {
    net::HttpClientOptions options;
    options.endpoint = bound_["http"];
    options.tls.insecure = true;
    net::HttpClient client(runtime_, options);
    net::Request request;
    request.method = std::move(method);
    request.target = request.path = std::move(path);
    request.headers = std::move(headers);
    request.body = std::move(body);
    auto response = client.SendAndWait(std::move(request), kTimeout);
    EXPECT_TRUE(response.ok()) << response.status().ToString();
    return response.ok() ? std::move(*response) : net::Response{};
  }
  static net::Headers Protobuf() { return {{"content-type", "application/x-protobuf"}}; }
  static net::Headers Json() { return {{"content-type", "application/json; charset=utf-8"}}; }

  uint64_t Spans(std::string_view name, const char* transport) {
    return metrics_.AddCounter(name, {{"receiver", "otlp"}, {"transport", transport}}).value();
  }
  uint64_t Refused(const char* transport, const char* reason) {
    return metrics_
        .AddCounter("spandrel_receiver_refused_requests_total",
                    {{"receiver", "otlp"}, {"transport", transport}, {"reason", reason}})
        .value();
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{256 << 20};
  base::IntakeGate intake_{metrics_};
  net::IoRuntime runtime_{2};
  std::shared_ptr<OtlpReceiverConfig> config_ = std::make_shared<OtlpReceiverConfig>();
  std::shared_ptr<FakePipeline> pipeline_ = std::make_shared<FakePipeline>();
  pipeline::Outputs outputs_;
  pipeline::Extensions extensions_;
  std::map<std::string, net::Endpoint> bound_;
  std::atomic<bool> tenants_on_{false};
  std::unique_ptr<pipeline::Receiver> receiver_;
};

TEST_F(OtlpReceiverTest, WhatWouldBeStoredLateIsToldToComeBack) {
  Start();
  const auto late = intake_.Add([] { return 2.0; });
  const auto over_grpc = Call(MakeTestRequest("late", 1, 3));
  EXPECT_EQ(over_grpc.status.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(over_grpc.status.retry_after());
  const net::Response over_http = Post(MakeTestRequest("late", 1, 3), Protobuf());
  EXPECT_EQ(over_http.status, 503);
  EXPECT_NE(net::FindHeader(over_http.headers, "retry-after"), "");
  EXPECT_EQ(pipeline_->spans, 0U);
  EXPECT_EQ(Post("", Protobuf(), "/v1/elsewhere").status, 404) << "is not asked for";
}

TEST_F(OtlpReceiverTest, WhatBecomesLateWhileItIsReadIsNotDecoded) {
  std::atomic<int> asked = 0;
  const auto late = intake_.Add([&asked] { return ++asked > 1 ? 2.0 : 0.0; });
  Start();
  EXPECT_EQ(Post(MakeTestRequest("late", 1, 3), Protobuf()).status, 503);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(Refused("http", "overload"), 1U);
  EXPECT_EQ(pipeline_->spans, 0U);
}

TEST_F(OtlpReceiverTest, TakesGrpcInEveryCompression) {
  Start();
  const std::string request = MakeTestRequest("shop", 1, 10, 100);
  for (const auto* compression : {"", "gzip", "zstd"}) {
    const auto reply = Call(request, compression);
    EXPECT_TRUE(reply.status.ok()) << compression << " " << reply.status.ToString();
    EXPECT_EQ(reply.message, "");
    EXPECT_EQ(pipeline_->encoded, request);
  }
  EXPECT_EQ(pipeline_->spans, 30u);
  EXPECT_EQ(Spans("otelcol_receiver_accepted_spans", "grpc"), 30u);
}

TEST_F(OtlpReceiverTest, TakesHttpInEveryCompressionAndEncoding) {
  Start();
  const std::string request = MakeTestRequest("shop", 1, 10, 100);
  const auto batch = wire::MakeTestBatch("shop", 1, 10, 100);
  for (const auto* compression : {"", "identity", "gzip", "deflate", "zstd"}) {
    for (const bool json : {false, true}) {
      net::Headers headers = json ? Json() : Protobuf();
      std::string body = json ? wire::EncodeOtlpJson(batch) : request;
      if (*compression != '\0') {
        headers.emplace_back("content-encoding", compression);
        body = *net::Compress(compression, body);
      }
      const net::Response response = Post(body, headers);
      EXPECT_EQ(response.status, 200) << compression << json << response.body;
      EXPECT_EQ(response.body, json ? "{}" : "");
      EXPECT_EQ(net::FindHeader(response.headers, "content-type"),
                json ? "application/json" : "application/x-protobuf");
    }
  }
  EXPECT_EQ(Spans("otelcol_receiver_accepted_spans", "http"), 100u);
}

TEST_F(OtlpReceiverTest, AnswersFromTheThreadThatCompletes) {
  pipeline_->on_other_thread = true;
  Start();
  EXPECT_TRUE(Call(MakeTestRequest("shop", 1, 1)).status.ok());
  EXPECT_EQ(Post(MakeTestRequest("shop", 1, 1), Protobuf()).status, 200);
}

TEST_F(OtlpReceiverTest, AnEmptyRequestIsASuccess) {
  Start();
  EXPECT_TRUE(Call("").status.ok());
  EXPECT_EQ(Post("", Protobuf()).status, 200);
  EXPECT_EQ(Post("{}", Json()).body, "{}");
  EXPECT_EQ(pipeline_->spans, 0u);
}

TEST_F(OtlpReceiverTest, RefusesMalformedRequestsWithAReason) {
  Start();
  const std::string broken = MakeTestRequest("shop", 1, 3).substr(0, 60);
  const auto reply = Call(broken);
  EXPECT_EQ(reply.status.code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(reply.status.message().empty());

  net::Response response = Post(broken, Protobuf());
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(net::FindHeader(response.headers, "content-type"), "application/x-protobuf");
  response = Post("{\"resourceSpans\": [", Json());
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("\"code\":3"), std::string::npos) << response.body;
  EXPECT_NE(response.body.find("\"message\":"), std::string::npos) << response.body;

  net::Headers gzip = Protobuf();
  gzip.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(Post("this is not gzip", gzip).status, 400);
  for (const auto* coding : {"gzip", "deflate", "zstd", "identity"}) {
    gzip.back().second = coding;
    const int status = Post("", gzip).status;
    EXPECT_TRUE(status == 400 || status == 200) << coding << status;
  }
  EXPECT_EQ(pipeline_->spans, 0u);
  EXPECT_EQ(Refused("grpc", "malformed"), 1u);
  EXPECT_GE(Refused("http", "malformed"), 3u);
}

TEST_F(OtlpReceiverTest, ReportsSpansWithBadIdsByPartialSuccess) {
  Start();
  std::string request = MakeTestRequest("shop", 1, 3);
  const std::string id("\0\0\0\0\0\0\0\x02", 8);
  const size_t at = request.find("\x0a\x10" + id + id);
  ASSERT_NE(at, std::string::npos);
  request.replace(at + 2, 16, std::string(16, '\0'));

  const auto reply = Call(request);
  ASSERT_TRUE(reply.status.ok());
  auto partial = wire::DecodeExportResponseProtobuf(reply.message);
  ASSERT_TRUE(partial.ok());
  EXPECT_EQ(partial->rejected_items, 1);
  EXPECT_FALSE(partial->error_message.empty());
  EXPECT_EQ(pipeline_->spans, 2u);

  const net::Response response = Post(request, Protobuf());
  EXPECT_EQ(response.status, 200);
  partial = wire::DecodeExportResponseProtobuf(response.body);
  ASSERT_TRUE(partial.ok());
  EXPECT_EQ(partial->rejected_items, 1);
  EXPECT_EQ(Spans("otelcol_receiver_accepted_spans", "grpc"), 2u);
  EXPECT_EQ(metrics_
                .AddCounter("spandrel_receiver_rejected_spans_total",
                            {{"receiver", "otlp"}, {"transport", "http"}, {"reason", "invalid_id"}})
                .value(),
            1u);
}

TEST_F(OtlpReceiverTest, TellsSendersToComeBackWhenThePipelineIsFull) {
  pipeline_->answer = Status::Unavailable("sending queue is full", milliseconds(2'500));
  Start();
  const std::string request = MakeTestRequest("shop", 1, 4);
  const auto reply = Call(request);
  EXPECT_EQ(reply.status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(reply.status.retry_after(), milliseconds(2'500));
  const net::Response response = Post(request, Protobuf());
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(net::FindHeader(response.headers, "retry-after"), "3");
  EXPECT_EQ(net::DecodeRetryDelay(response.body), milliseconds(2'500));
  EXPECT_EQ(Spans("otelcol_receiver_refused_spans", "grpc"), 4u);
  EXPECT_EQ(Spans("otelcol_receiver_refused_spans", "http"), 4u);
}

TEST_F(OtlpReceiverTest, NamesADelayEvenWhenThePipelineDoesNot) {
  pipeline_->answer = Status(StatusCode::kUnavailable, "peer is down");
  Start();
  EXPECT_TRUE(Call(MakeTestRequest("shop", 1, 1)).status.retry_after().has_value());
  EXPECT_EQ(net::FindHeader(Post(MakeTestRequest("shop", 1, 1), Protobuf()).headers, "retry-after"),
            "1");
}

TEST_F(OtlpReceiverTest, PassesFinalRefusalsOn) {
  pipeline_->answer = Status(StatusCode::kInvalidArgument, "no");
  Start();
  EXPECT_EQ(Call(MakeTestRequest("shop", 1, 1)).status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Post(MakeTestRequest("shop", 1, 1), Protobuf()).status, 400);
}

TEST_F(OtlpReceiverTest, RefusesWhatIsTooLarge) {
  config_->grpc->max_message_bytes = 100'000;
  config_->http->max_body_bytes = 100'000;
  Start();
  const std::string request = MakeTestRequest("shop", 1, 10, 20'000);
  for (const auto* compression : {"", "gzip", "zstd"}) {
    const auto reply = Call(request, compression);
    EXPECT_EQ(reply.status.code(), StatusCode::kResourceExhausted)
        << compression << reply.status.ToString();
    EXPECT_FALSE(reply.status.retry_after().has_value());
    net::Headers headers = Protobuf();
    std::string body = request;
    if (*compression != '\0') {
      headers.emplace_back("content-encoding", compression);
      body = *net::Compress(compression, request);
    }
    EXPECT_EQ(Post(body, headers).status, 413) << compression;
  }
  EXPECT_EQ(pipeline_->spans, 0u);
}

TEST_F(OtlpReceiverTest, RefusesBombsBeforeTheMemoryIsSpent) {
  Start();
  const std::string bomb = *net::Compress("gzip", std::string(200 << 20, '\0'));
  EXPECT_LT(bomb.size(), size_t{1} << 20);
  net::Headers headers = Protobuf();
  headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(Post(bomb, headers).status, 413);
  // A zstd frame whose header claims 4 GiB of content.
  const std::string claim("\x28\xb5\x2f\xfd\xa0\xff\xff\xff\xff\x01\x00\x00", 12);
  headers.back().second = "zstd";
  EXPECT_EQ(Post(claim, headers).status, 413);
  EXPECT_EQ(Refused("http", "too_large"), 2u);
  EXPECT_EQ(memory_.used(), 0u);
}

TEST_F(OtlpReceiverTest, RefusesWhatIsNoExportRequest) {
  Start();
  const std::string request = MakeTestRequest("shop", 1, 1);
  net::Response response = Post("", {}, "/v1/traces", "GET");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(net::FindHeader(response.headers, "allow"), "POST");
  EXPECT_EQ(Post(request, Protobuf(), "/v1/metrics").status, 404);
  EXPECT_EQ(Post(request, {{"content-type", "text/plain"}}).status, 415);
  EXPECT_EQ(Post(request, {}).status, 415);
  net::Headers brotli = Protobuf();
  brotli.emplace_back("content-encoding", "br");
  response = Post(request, brotli);
  EXPECT_EQ(response.status, 415);
  EXPECT_EQ(net::FindHeader(response.headers, "accept-encoding"), net::SupportedEncodings());
  EXPECT_EQ(
      Call("", "", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export").status.code(),
      StatusCode::kUnimplemented);
  EXPECT_EQ(Refused("http", "unsupported"), 3u);
}

TEST_F(OtlpReceiverTest, TakesMetricsAndLogsOfLibprotobufByEveryWay) {
  const auto metrics = std::make_shared<KeepingPipeline<signal::MetricBatch>>();
  const auto logs = std::make_shared<KeepingPipeline<signal::LogBatch>>();
  outputs_.metrics->Point(metrics);
  outputs_.logs->Point(logs);
  Start();
  namespace collector = opentelemetry::proto::collector;
  collector::metrics::v1::ExportMetricsServiceRequest metrics_request;
  auto* gauge = metrics_request.add_resource_metrics()->add_scope_metrics()->add_metrics();
  gauge->set_name("cpu");
  for (int i = 0; i < 3; ++i) gauge->mutable_gauge()->add_data_points()->set_as_int(i);
  collector::logs::v1::ExportLogsServiceRequest logs_request;
  logs_request.add_resource_logs()->add_scope_logs()->add_log_records()->set_severity_text("WARN");

  const std::string metrics_bytes = metrics_request.SerializeAsString();
  const std::string logs_bytes = logs_request.SerializeAsString();
  EXPECT_TRUE(
      Call(metrics_bytes, "gzip", wire::OtlpGrpcMethod(signal::Signal::kMetrics)).status.ok());
  EXPECT_EQ(metrics->encoded, metrics_bytes);
  EXPECT_TRUE(Call(logs_bytes, "", wire::OtlpGrpcMethod(signal::Signal::kLogs)).status.ok());
  EXPECT_EQ(logs->encoded, logs_bytes);
  for (const bool json : {false, true}) {
    metrics->encoded = logs->encoded = "";
    const auto body = [&](const auto& request) {
      std::string text;
      if (!json) return request.SerializeAsString();
      EXPECT_TRUE(google::protobuf::util::MessageToJsonString(request, &text).ok());
      return text;
    };
    const net::Headers headers = json ? Json() : Protobuf();
    net::Response response = Post(body(metrics_request), headers, "/v1/metrics");
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.body, json ? "{}" : "");
    EXPECT_EQ(Post(body(logs_request), headers, "/v1/logs").status, 200);
    EXPECT_EQ(metrics->encoded, metrics_bytes);
    EXPECT_EQ(logs->encoded, logs_bytes);
  }
  EXPECT_EQ(metrics->items, 9u);
  EXPECT_EQ(Spans("otelcol_receiver_accepted_metric_points", "grpc"), 3u);
  EXPECT_EQ(Spans("otelcol_receiver_accepted_metric_points", "http"), 6u);
  EXPECT_EQ(Spans("otelcol_receiver_accepted_log_records", "http"), 2u);
  EXPECT_EQ(Post("{", Json(), "/v1/logs").status, 400);
  EXPECT_EQ(Refused("http", "malformed"), 1u);
}

TEST_F(OtlpReceiverTest, WhatComesLaterGoesWhereTheOutputPointsThen) {
  Start();
  const auto method = wire::OtlpGrpcMethod(signal::Signal::kLogs);
  EXPECT_EQ(Call("", "", method).status.code(), StatusCode::kUnimplemented);
  EXPECT_EQ(Post("{}", Json(), "/v1/logs").body, "nothing here; traces go to POST /v1/traces\n");
  outputs_.logs->Point(std::make_shared<KeepingPipeline<signal::LogBatch>>());
  EXPECT_TRUE(Call("", "", method).status.ok());
  EXPECT_EQ(Post("{}", Json(), "/v1/logs").status, 200);
}

TEST_F(OtlpReceiverTest, KeepsThePeerAndOnRequestTheMetadata) {
  config_->http->listener.include_metadata = true;
  Start();
  net::Headers headers = Protobuf();
  headers.emplace_back("x-tenant", "blue");
  Post(MakeTestRequest("shop", 1, 1), headers);
  ASSERT_NE(pipeline_->origin, nullptr);
  EXPECT_TRUE(pipeline_->origin->peer.starts_with("127.0.0.1:")) << pipeline_->origin->peer;
  EXPECT_EQ(net::FindHeader(pipeline_->origin->metadata, "x-tenant"), "blue");
  EXPECT_TRUE(Call(MakeTestRequest("shop", 1, 1)).status.ok());
  EXPECT_TRUE(pipeline_->origin->metadata.empty());
}

TEST_F(OtlpReceiverTest, ABatchTellsWhoSentIt) {
  extensions_.Add("tags", std::make_shared<NameTags>());
  config_->grpc->listener.auth.emplace().authenticator = {"tags", {"c.yaml", 3, 5}, "receivers"};
  config_->http->listener.auth.emplace().basic = {"", "bob:secret"};
  ASSERT_EQ(config_->extension_uses().size(), 1u);
  EXPECT_EQ(config_->extension_uses()[0].interface_name, "server authenticator");
  Start();
  const std::string request = MakeTestRequest("shop", 1, 1);
  EXPECT_EQ(Call(request).status.code(), StatusCode::kUnauthenticated);
  EXPECT_TRUE(Call(request, "", kExport, {{"x-name", "ann"}}).status.ok());
  EXPECT_EQ(pipeline_->origin->identity, "ann");

  net::Headers headers = Protobuf();
  headers.emplace_back("authorization", "Basic " + base::Base64Encode("bob:wrong"));
  const net::Response refused = Post(request, headers);
  EXPECT_EQ(refused.status, 401);
  EXPECT_TRUE(net::FindHeader(refused.headers, "www-authenticate").starts_with("Basic realm="));
  headers.back().second = "Basic " + base::Base64Encode("bob:secret");
  EXPECT_EQ(Post(request, headers).status, 200);
  EXPECT_EQ(pipeline_->origin->identity, "bob");
  EXPECT_EQ(pipeline_->spans, 2u);
}

TEST_F(OtlpReceiverTest, AnExtensionThatIsNotThereIsNamedWithItsPlace) {
  config_->http->listener.auth.emplace().authenticator = {"tags", {"c.yaml", 3, 5}, "a::b"};
  const auto factory = MakeOtlpReceiverFactory(runtime_, {}, {});
  EXPECT_EQ(factory.create({"otlp", metrics_, memory_, &extensions_}, config_, outputs_)
                .status()
                .message(),
            "c.yaml:3:5: a::b: extension 'tags' does not run");
}

TEST_F(OtlpReceiverTest, TheTenantIsNamedWhileTenantsAreOn) {
  Start();
  const std::string request = MakeTestRequest("shop", 1, 1);
  const auto post_of = [&](const std::string& tenant) {
    net::Headers headers = Protobuf();
    headers.emplace_back("X-Scope-OrgID", tenant);
    pipeline_->origin = nullptr;
    return Post(request, headers).status;
  };
  const auto call_of = [&](const std::string& tenant) {
    pipeline_->origin = nullptr;
    return Call(request, "", kExport, {{"x-scope-orgid", tenant}}).status.code();
  };
  EXPECT_EQ(post_of("no name"), 200) << "ignored";
  EXPECT_EQ(pipeline_->origin->tenant, "");
  tenants_on_ = true;
  EXPECT_EQ(post_of("team-a"), 200);
  EXPECT_EQ(pipeline_->origin->tenant, "team-a");
  EXPECT_EQ(call_of("team-b"), StatusCode::kOk);
  EXPECT_EQ(pipeline_->origin->tenant, "team-b");
  EXPECT_EQ(post_of("a/b"), 400);
  EXPECT_EQ(pipeline_->origin, nullptr);
  EXPECT_EQ(call_of(std::string(151, 'a')), StatusCode::kInvalidArgument);
  EXPECT_EQ(pipeline_->origin, nullptr);
  EXPECT_EQ(Refused("http", "tenant"), 1u);
  EXPECT_EQ(Refused("grpc", "tenant"), 1u);
  // Whoever needs a name says so.
  EXPECT_EQ(Post(request, Protobuf()).status, 200);
  EXPECT_EQ(pipeline_->origin->tenant, "");
}

TEST_F(OtlpReceiverTest, OnlyTheCompressionsThatAreNamed) {
  config_->codings = {"", "gzip"};
  Start();
  const std::string request = MakeTestRequest("shop", 1, 1);
  EXPECT_EQ(Post(request, Protobuf()).status, 200);
  net::Headers headers = Protobuf();
  headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(Post(*net::Compress("gzip", request), headers).status, 200);
  headers.back().second = "zstd";
  EXPECT_EQ(Post(*net::Compress("zstd", request), headers).status, 415);
  EXPECT_EQ(Refused("http", "unsupported"), 1u);
}

TEST_F(OtlpReceiverTest, ALoginMaySendForItsTenantsOnly) {
  endpoints::BasicAuthConfig users{
      "", "ann:pw\nbob:pw",
      endpoints::AccessRules({{"ann", {.tenants = {"blue"}}},
                              {"bob", {.roles = static_cast<uint8_t>(endpoints::Role::kRead)}}})};
  config_->http->listener.auth.emplace().basic = users;
  config_->grpc->listener.auth.emplace().basic = users;
  Start();
  const std::string request = MakeTestRequest("shop", 1, 1);
  const auto post = [&](const std::string& user, const std::string& tenant) {
    net::Headers headers = Protobuf();
    headers.emplace_back("authorization", "Basic " + base::Base64Encode(user + ":pw"));
    if (!tenant.empty()) headers.emplace_back("x-scope-orgid", tenant);
    return Post(request, headers).status;
  };
  EXPECT_EQ(post("ann", "red"), 403) << "also while tenants are off";
  EXPECT_EQ(post("ann", ""), 200);
  EXPECT_EQ(pipeline_->origin->tenant, "");
  tenants_on_ = true;
  EXPECT_EQ(post("ann", ""), 200);
  EXPECT_EQ(pipeline_->origin->tenant, "blue");
  EXPECT_EQ(post("ann", "red"), 403);
  EXPECT_EQ(post("bob", "blue"), 403);
  const std::string ann = "Basic " + base::Base64Encode("ann:pw");
  EXPECT_EQ(
      Call(request, "", kExport, {{"authorization", ann}, {"x-scope-orgid", "red"}}).status.code(),
      StatusCode::kPermissionDenied);
  EXPECT_TRUE(Call(request, "", kExport, {{"authorization", ann}}).status.ok());
  EXPECT_EQ(pipeline_->origin->tenant, "blue");
}

TEST_F(OtlpReceiverTest, ATenantBeyondItsRateIsToldWhenToComeAgain) {
  config_->limits.each.items_per_second = 1;
  Start();
  EXPECT_EQ(Post(MakeTestRequest("shop", 1, 100), Protobuf()).status, 200);
  const net::Response refused = Post(MakeTestRequest("shop", 1, 1), Protobuf());
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(net::FindHeader(refused.headers, "retry-after"), "");
  const auto reply = Call(MakeTestRequest("shop", 1, 1));
  EXPECT_EQ(reply.status.code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(reply.status.retry_after());
  EXPECT_EQ(Refused("http", "tenant_rate"), 1u);
  EXPECT_EQ(Refused("grpc", "tenant_rate"), 1u);
}

TEST_F(OtlpReceiverTest, LetsAllowedPagesSend) {
  config_->http->listener.cors.allowed_origins = {"https://shop.example"};
  Start();
  net::Headers headers = Json();
  headers.emplace_back("origin", "https://shop.example");
  EXPECT_EQ(net::FindHeader(Post("{}", headers).headers, "access-control-allow-origin"),
            "https://shop.example");
  headers.back().second = "https://other.example";
  EXPECT_EQ(net::FindHeader(Post("{}", headers).headers, "access-control-allow-origin"), "");
}

TEST_F(OtlpReceiverTest, APortInUseStopsTheStartAndIsNamed) {
  Start();
  auto config = std::make_shared<OtlpReceiverConfig>();
  config->grpc.emplace();
  config->grpc->listener.endpoint = bound_["grpc"];
  OtlpReceiver second(runtime_, {"otlp/2", metrics_, memory_}, config, outputs_, {}, {});
  const Status status = second.Start();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find(bound_["grpc"].ToString()), std::string::npos)
      << status.message();
  second.Shutdown(std::chrono::steady_clock::now());
}

TEST_F(OtlpReceiverTest, AfterShutdownNobodyListens) {
  Start();
  receiver_->Shutdown(std::chrono::steady_clock::now() + seconds(5));
  EXPECT_EQ(Call(MakeTestRequest("shop", 1, 1)).status.code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace spandrel::receivers
