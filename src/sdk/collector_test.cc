// SPDX-License-Identifier: Apache-2.0
// The whole library against a collector on a real socket.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "net/grpc.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "opentelemetry/trace/provider.h"
#include "spandrel/sdk.h"
#include "wire/otlp.h"

namespace spandrel::sdk {
namespace {

namespace otlp = opentelemetry::proto;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr char kExport[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

// An OTLP receiver over gRPC and HTTP that refuses as often as it is told to.
class Collector {
 public:
  Collector()
      : runtime_(1),
        router_(memory_),
        server_(runtime_, {{"127.0.0.1", 0}}, metrics_, memory_,
                [this](std::shared_ptr<net::ServerCall> call) { Serve(std::move(call)); }) {
    router_.Handle(kExport, [this](std::shared_ptr<net::GrpcCall> call) { Export(*call); });
    EXPECT_TRUE(server_.Start().ok());
  }
  ~Collector() { server_.Shutdown(steady_clock::now()); }

  std::string url() const { return "http://" + server_.bound().ToString(); }
  size_t spans() const { return spans_; }
  size_t from_process(int pid) {
    std::lock_guard lock(mutex_);
    return spans_by_pid_[pid];
  }
  std::string last_header(const char* name) {
    std::lock_guard lock(mutex_);
    return std::string(net::FindHeader(headers_, name));
  }

  std::atomic<int> refusals{0};
  std::atomic<int> refused{0};
  std::atomic<int64_t> reject_spans{0};

 private:
  void Serve(std::shared_ptr<net::ServerCall> call) {
    if (net::GrpcRouter::IsGrpc(call->request())) return router_(std::move(call));
    base::ByteBudget::Reservation reservation;
    Take(call->TakeBody(&reservation), call->request().headers);
    net::Response response;
    response.headers = {{"content-type", "application/x-protobuf"}};
    response.body = wire::EncodeExportResponseProtobuf({});
    call->Respond(std::move(response));
  }
  void Export(net::GrpcCall& call) {
    if (refusals > 0) {
      --refusals;
      ++refused;
      return call.Finish(base::Status::Unavailable("busy", milliseconds(50)));
    }
    base::ByteBudget::Reservation reservation;
    Take(call.TakeMessage(&reservation), call.request().headers);
    const int64_t rejected = reject_spans;
    call.Reply(wire::EncodeExportResponseProtobuf({rejected, rejected > 0 ? "not these" : ""}));
  }
  void Take(const std::string& body, const net::Headers& headers) {
    otlp::collector::trace::v1::ExportTraceServiceRequest request;
    EXPECT_TRUE(request.ParseFromString(body));
    std::lock_guard lock(mutex_);
    headers_ = headers;
    for (const auto& resource : request.resource_spans()) {
      int pid = 0;
      for (const auto& attribute : resource.resource().attributes()) {
        if (attribute.key() == "process.pid") pid = static_cast<int>(attribute.value().int_value());
      }
      for (const auto& scope : resource.scope_spans()) {
        spans_ += static_cast<size_t>(scope.spans_size());
        spans_by_pid_[pid] += static_cast<size_t>(scope.spans_size());
      }
    }
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{256 << 20};
  std::mutex mutex_;
  net::Headers headers_;                // guarded by mutex_
  std::map<int, size_t> spans_by_pid_;  // guarded by mutex_
  std::atomic<size_t> spans_{0};
  net::IoRuntime runtime_;
  net::GrpcRouter router_;
  net::Server server_;
};

Options OptionsFor(const std::string& url) {
  Options options;
  options.service_name = "test";
  options.exporter.endpoint = url;
  return options;
}

void EndSpans(const Provider& provider, int count) {
  const auto tracer = provider.tracer_provider()->GetTracer("test");
  for (int i = 0; i < count; ++i) tracer->StartSpan("span", {{"number", i}})->End();
}

TEST(CollectorTest, GetsSpansByGrpc) {
  Collector collector;
  Options options = OptionsFor(collector.url());
  options.exporter.headers = {{"x-tenant", "me"}};
  options.exporter.compression = "gzip";
  Provider provider = MakeProvider(options);
  EndSpans(provider, 1'000);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.spans(), 1'000u);
  EXPECT_EQ(collector.last_header("x-tenant"), "me");
  EXPECT_EQ(provider.stats().exported, 1'000u);
}

TEST(CollectorTest, GetsSpansByHttp) {
  Collector collector;
  Options options = OptionsFor(collector.url());
  options.exporter.protocol = ExportOptions::Protocol::kHttpProtobuf;
  Provider provider = MakeProvider(options);
  EndSpans(provider, 10);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.spans(), 10u);
  EXPECT_EQ(collector.last_header("content-type"), "application/x-protobuf");
}

TEST(CollectorTest, MayAskToComeBack) {
  Collector collector;
  collector.refusals = 3;
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 10);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.refused, 3);
  EXPECT_EQ(collector.spans(), 10u);
}

TEST(CollectorTest, MayRejectSomeSpans) {
  Collector collector;
  collector.reject_spans = 4;
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 10);
  EXPECT_FALSE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(provider.stats().dropped_rejected, 4u);
  EXPECT_EQ(provider.stats().exported, 6u);
}

TEST(CollectorTest, TakesABurst) {
  Collector collector;
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 100'000);
  EXPECT_TRUE(provider.ForceFlush(seconds(60)));
  EXPECT_EQ(collector.spans(), 100'000u);
  EXPECT_EQ(provider.stats().dropped(), 0u);
}

TEST(CollectorTest, AbsentCollectorNeverHoldsTheServiceUp) {
  std::string url;
  {
    Collector gone;
    url = gone.url();
  }
  const auto start = steady_clock::now();
  {
    Options options = OptionsFor(url);
    options.shutdown_timeout = milliseconds(200);
    Provider provider = MakeProvider(options);
    EndSpans(provider, 100);
    EXPECT_FALSE(provider.ForceFlush(milliseconds(200)));
  }
  EXPECT_LT(steady_clock::now() - start, seconds(5));
}

TEST(CollectorTest, InitInstallsTheGlobalProvider) {
  Collector collector;
  {
    Provider provider = Init(OptionsFor(collector.url()));
    opentelemetry::trace::Provider::GetTracerProvider()->GetTracer("t")->StartSpan("s")->End();
  }
  EXPECT_EQ(collector.spans(), 1u);
  const auto after = opentelemetry::trace::Provider::GetTracerProvider();
  EXPECT_FALSE(after->GetTracer("t")->StartSpan("s")->IsRecording());
}

// The child sends its own spans, and none of its parent's.
TEST(CollectorTest, ForkedChildrenSendTheirSpans) {
  Collector collector;
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 5);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EndSpans(provider, 3);
  const pid_t child = fork();
  if (child == 0) {
    EndSpans(provider, 7);
    _exit(provider.ForceFlush(seconds(20)) ? 0 : 1);
  }
  EndSpans(provider, 2);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(collector.from_process(getpid()), 10u);
  EXPECT_EQ(collector.from_process(child), 7u);
}

TEST(CollectorTest, ExitWithoutShutdownIsQuick) {
  const pid_t child = fork();
  if (child == 0) {
    static Provider* const leaked = new Provider(MakeProvider(OptionsFor("http://127.0.0.1:1")));
    EndSpans(*leaked, 10);
    std::exit(0);
  }
  const auto start = steady_clock::now();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_LT(steady_clock::now() - start, seconds(10));
}

}  // namespace
}  // namespace spandrel::sdk
