// SPDX-License-Identifier: Apache-2.0
// Real libgrpc++ servers and clients over loopback, traced with the sdk; their spans as the
// official classes read them.
#include "spandrel/grpc.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/method_handler.h>
#include <grpcpp/support/sync_stream.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "instrument/testing/recording.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "opentelemetry/trace/scope.h"
#include "spandrel/context.h"
#include "spandrel/sdk.h"

namespace spandrel::grpc {
namespace {

namespace otlp = opentelemetry::proto::collector::trace::v1;
using opentelemetry::proto::trace::v1::Span;
using ProtoStatus = opentelemetry::proto::trace::v1::Status;
using Request = otlp::ExportTraceServiceRequest;
using Response = otlp::ExportTraceServiceResponse;
using instrument::Attributes;
using std::chrono::seconds;

constexpr char kChat[] = "/test.Echo/Chat";

// A unary service whose answer the test chooses.
class Unary final : public otlp::TraceService::Service {
 public:
  std::function<::grpc::Status(::grpc::ServerContext&)> handler;
  ::grpc::Status Export(::grpc::ServerContext* context, const Request*, Response*) override {
    return handler(*context);
  }
};

// The same, written with reactors.
class Reactor final : public otlp::TraceService::CallbackService {
 public:
  std::function<void(::grpc::CallbackServerContext&)> handler;
  ::grpc::ServerUnaryReactor* Export(::grpc::CallbackServerContext* context, const Request*,
                                     Response*) override {
    handler(*context);
    ::grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(::grpc::Status::OK);
    return reactor;
  }
};

// Answers each message of a stream with one.
class Echo final : public ::grpc::Service {
 public:
  using Stream = ::grpc::ServerReaderWriter<Response, Request>;
  explicit Echo(std::function<void()> at_end) : at_end_(std::move(at_end)) {
    AddMethod(new ::grpc::internal::RpcServiceMethod(
        kChat, ::grpc::internal::RpcMethod::BIDI_STREAMING,
        new ::grpc::internal::BidiStreamingHandler<Echo, Request, Response>(
            [](Echo* echo, ::grpc::ServerContext*, Stream* stream) { return echo->Chat(*stream); },
            this)));
  }

 private:
  ::grpc::Status Chat(Stream& stream) {
    Request request;
    while (stream.Read(&request)) {
      if (!stream.Write(Response())) break;
    }
    at_end_();
    return ::grpc::Status::OK;
  }
  std::function<void()> at_end_;
};

class GrpcTest : public testing::Test {
 protected:
  GrpcTest() {
    context::Install();
    options_.tracer_provider = recording_.options().tracer_provider;
    unary_.handler = [](::grpc::ServerContext&) { return ::grpc::Status::OK; };
  }
  ~GrpcTest() override { StopServer(); }

  std::string Start(std::vector<::grpc::Service*> services) {
    int port = 0;
    ::grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", ::grpc::InsecureServerCredentials(), &port);
    for (::grpc::Service* service : services) builder.RegisterService(service);
    TraceCalls(builder, options_);
    server_ = builder.BuildAndStart();
    return "127.0.0.1:" + std::to_string(port);
  }
  void StopServer() {
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now() + seconds(5));
    server_->Wait();
    server_.reset();
  }
  std::shared_ptr<::grpc::Channel> Connect(const std::string& target) {
    return CreateChannel(target, ::grpc::InsecureChannelCredentials(), options_);
  }
  ::grpc::Status Call(const std::string& target, seconds deadline = seconds(20)) {
    ::grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + deadline);
    Response response;
    return otlp::TraceService::NewStub(Connect(target))->Export(&context, Request(), &response);
  }
  void StartInner() { recording_.tracer()->StartSpan("inner")->End(); }

  // The spans of that kind, when the server has done all its work.
  std::vector<Span> Exported(Span::SpanKind kind) {
    StopServer();
    return recording_.Spans(kind);
  }
  Span OnlyOne(Span::SpanKind kind) {
    StopServer();
    return recording_.OnlyOne(kind);
  }
  void ExpectOneTrace() {
    const Span server = OnlyOne(Span::SPAN_KIND_SERVER);
    const Span client = OnlyOne(Span::SPAN_KIND_CLIENT);
    const Span inner = OnlyOne(Span::SPAN_KIND_INTERNAL);
    EXPECT_EQ(client.parent_span_id(), "");
    EXPECT_EQ(server.parent_span_id(), client.span_id());
    EXPECT_EQ(inner.parent_span_id(), server.span_id());
    EXPECT_EQ(server.trace_id(), client.trace_id());
  }

  instrument::Recording recording_;
  Options options_;
  Unary unary_;
  std::unique_ptr<::grpc::Server> server_;
};

TEST_F(GrpcTest, UnaryCallsJoin) {
  unary_.handler = [this](::grpc::ServerContext&) {
    StartInner();
    return ::grpc::Status::OK;
  };
  const std::string target = Start({&unary_});
  EXPECT_TRUE(Call(target).ok());
  ExpectOneTrace();
  const Span server = OnlyOne(Span::SPAN_KIND_SERVER);
  const Span client = OnlyOne(Span::SPAN_KIND_CLIENT);
  const std::string name = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
  EXPECT_EQ(server.name(), name);
  EXPECT_EQ(client.name(), name);
  const std::string port = target.substr(target.find(':') + 1);
  const std::map<std::string, std::string> expected = {
      {"rpc.system", "grpc"},
      {"rpc.service", "opentelemetry.proto.collector.trace.v1.TraceService"},
      {"rpc.method", "Export"},
      {"rpc.grpc.status_code", "0"},
      {"server.address", "127.0.0.1"},
      {"server.port", port},
      {"network.peer.address", "127.0.0.1"},
      {"network.peer.port", port}};
  EXPECT_EQ(Attributes(client), expected);
  std::map<std::string, std::string> at_server = Attributes(server);
  EXPECT_NE(at_server["network.peer.port"], port);
  at_server["network.peer.port"] = port;
  EXPECT_EQ(at_server, expected);
  EXPECT_EQ(client.status().code(), ProtoStatus::STATUS_CODE_UNSET);
  EXPECT_EQ(client.events_size(), 0);
}

TEST_F(GrpcTest, ThreadsOfASynchronousServerAreLeftClean) {
  int wrong = 0;
  unary_.handler = [&wrong](::grpc::ServerContext&) {
    const context::Context current = opentelemetry::context::RuntimeContext::GetCurrent();
    const auto span = trace_api::GetSpan(current)->GetContext();
    if (!span.IsValid() || span.IsRemote()) ++wrong;
    return ::grpc::Status::OK;
  };
  const std::string target = Start({&unary_});
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Call(target).ok());
  EXPECT_EQ(wrong, 0);
  std::map<std::string, std::string> clients;
  for (const Span& span : Exported(Span::SPAN_KIND_CLIENT))
    clients[span.span_id()] = span.trace_id();
  EXPECT_EQ(clients.size(), 50u);
  for (const Span& span : Exported(Span::SPAN_KIND_SERVER)) {
    EXPECT_EQ(clients[span.parent_span_id()], span.trace_id());
  }
}

TEST_F(GrpcTest, ReactorsFindTheirContext) {
  Reactor reactor;
  reactor.handler = [this](::grpc::CallbackServerContext& context) {
    EXPECT_EQ(context::CurrentSpan(), nullptr);
    const context::Attached attached(ContextOf(context));
    StartInner();
  };
  EXPECT_TRUE(Call(Start({&reactor})).ok());
  ExpectOneTrace();
}

TEST_F(GrpcTest, StatusesAreErrorsForTheClientAndSomeForTheServer) {
  struct Case {
    ::grpc::StatusCode code;
    bool server_error;
  };
  for (const Case& one :
       {Case{::grpc::StatusCode::NOT_FOUND, false}, Case{::grpc::StatusCode::UNAVAILABLE, true},
        Case{::grpc::StatusCode::INTERNAL, true}}) {
    unary_.handler = [&one](::grpc::ServerContext&) { return ::grpc::Status(one.code, "why"); };
    EXPECT_EQ(Call(Start({&unary_})).error_code(), one.code);
    const Span client = Exported(Span::SPAN_KIND_CLIENT).back();
    const Span server = Exported(Span::SPAN_KIND_SERVER).back();
    EXPECT_EQ(client.status().code(), ProtoStatus::STATUS_CODE_ERROR);
    EXPECT_EQ(client.status().message(), "why");
    EXPECT_EQ(Attributes(client)["error.type"], StatusName(one.code));
    EXPECT_EQ(Attributes(server)["rpc.grpc.status_code"], std::to_string(one.code));
    EXPECT_EQ(server.status().code() == ProtoStatus::STATUS_CODE_ERROR, one.server_error);
  }
}

TEST_F(GrpcTest, AServerThatIsNotThere) {
  EXPECT_EQ(Call("127.0.0.1:1").error_code(), ::grpc::StatusCode::UNAVAILABLE);
  auto attributes = Attributes(OnlyOne(Span::SPAN_KIND_CLIENT));
  EXPECT_EQ(attributes["error.type"], "UNAVAILABLE");
  EXPECT_EQ(attributes["rpc.grpc.status_code"], "14");
  EXPECT_EQ(attributes["server.port"], "1");
}

TEST_F(GrpcTest, DeadlinesAndCancellation) {
  std::mutex mutex;
  std::condition_variable changed;
  bool running = false;
  unary_.handler = [&](::grpc::ServerContext& context) {
    {
      const std::lock_guard lock(mutex);
      running = true;
      changed.notify_all();
    }
    while (!context.IsCancelled()) std::this_thread::yield();
    return ::grpc::Status(::grpc::StatusCode::CANCELLED, "");
  };
  const std::string target = Start({&unary_});
  EXPECT_EQ(Call(target, seconds(1)).error_code(), ::grpc::StatusCode::DEADLINE_EXCEEDED);
  running = false;
  ::grpc::ClientContext context;
  std::thread canceller([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return running; });
    context.TryCancel();
  });
  Response response;
  EXPECT_EQ(otlp::TraceService::NewStub(Connect(target))
                ->Export(&context, Request(), &response)
                .error_code(),
            ::grpc::StatusCode::CANCELLED);
  canceller.join();
  const std::vector<Span> clients = Exported(Span::SPAN_KIND_CLIENT);
  ASSERT_EQ(clients.size(), 2u);
  EXPECT_EQ(Attributes(clients[0])["error.type"], "DEADLINE_EXCEEDED");
  EXPECT_EQ(Attributes(clients[1])["error.type"], "CANCELLED");
  ASSERT_EQ(clients[1].events_size(), 1);
  EXPECT_EQ(clients[1].events(0).name(), "cancelled");
  for (const Span& span : Exported(Span::SPAN_KIND_SERVER)) {
    EXPECT_EQ(span.status().code(), ProtoStatus::STATUS_CODE_UNSET);
    ASSERT_EQ(span.events_size(), 1);
    EXPECT_EQ(span.events(0).name(), "cancelled");
  }
}

TEST_F(GrpcTest, StreamsAreOneSpanWithTheirMessages) {
  options_.message_events = true;
  Echo echo([this] { StartInner(); });
  const auto channel = Connect(Start({&echo}));
  ::grpc::ClientContext context;
  const ::grpc::internal::RpcMethod method(kChat, ::grpc::internal::RpcMethod::BIDI_STREAMING,
                                           channel);
  const std::unique_ptr<::grpc::ClientReaderWriter<Request, Response>> stream(
      ::grpc::internal::ClientReaderWriterFactory<Request, Response>::Create(channel.get(), method,
                                                                             &context));
  Response response;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(stream->Write(Request()));
    EXPECT_TRUE(stream->Read(&response));
  }
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
  ExpectOneTrace();
  for (const auto kind : {Span::SPAN_KIND_CLIENT, Span::SPAN_KIND_SERVER}) {
    const Span span = OnlyOne(kind);
    EXPECT_EQ(span.name(), "test.Echo/Chat");
    int sent = 0;
    for (const auto& event : span.events()) {
      EXPECT_EQ(event.name(), "rpc.message");
      sent += event.attributes(0).value().string_value() == "SENT" ? 1 : 0;
    }
    EXPECT_EQ(sent, 3);
    EXPECT_EQ(span.events_size(), 6);
  }
}

TEST_F(GrpcTest, AStreamThatIsGivenUp) {
  Echo echo([] {});
  const auto channel = Connect(Start({&echo}));
  {
    ::grpc::ClientContext context;
    const ::grpc::internal::RpcMethod method(kChat, ::grpc::internal::RpcMethod::BIDI_STREAMING,
                                             channel);
    const std::unique_ptr<::grpc::ClientReaderWriter<Request, Response>> stream(
        ::grpc::internal::ClientReaderWriterFactory<Request, Response>::Create(channel.get(),
                                                                               method, &context));
    EXPECT_TRUE(stream->Write(Request()));
    Response echoed;  // so that the server has begun: it never sees a call given up before that
    EXPECT_TRUE(stream->Read(&echoed));
  }
  EXPECT_EQ(Attributes(OnlyOne(Span::SPAN_KIND_CLIENT))["error.type"], "cancelled");
  EXPECT_EQ(OnlyOne(Span::SPAN_KIND_SERVER).name(), "test.Echo/Chat");
}

TEST_F(GrpcTest, FilteredMethodsAreNotTraced) {
  options_.filter = [](std::string_view method) { return method == kChat; };
  bool has_parent = true;
  unary_.handler = [&has_parent](::grpc::ServerContext& context) {
    has_parent = context.client_metadata().count("traceparent") > 0;
    return ::grpc::Status::OK;
  };
  EXPECT_TRUE(Call(Start({&unary_})).ok());
  EXPECT_FALSE(has_parent);
  EXPECT_TRUE(Exported(Span::SPAN_KIND_CLIENT).empty());
  EXPECT_TRUE(Exported(Span::SPAN_KIND_SERVER).empty());
}

TEST(GrpcAddress, IsReadInAllForms) {
  struct Case {
    const char* text;
    const char* host;
    int port;
  };
  for (const Case& one :
       {Case{"localhost:50051", "localhost", 50051}, Case{"dns:///shop:80", "shop", 80},
        Case{"ipv4:127.0.0.1:9", "127.0.0.1", 9}, Case{"ipv6:%5B::1%5D:80", "::1", 80},
        Case{"ipv6:[::1]:80", "::1", 80}, Case{"[::1]", "::1", 0}, Case{"::1", "::1", 0},
        Case{"unix:/tmp/x:1", "/tmp/x:1", 0}, Case{"", "", 0}, Case{"[", "[", 0},
        Case{"%5B", "%5B", 0}, Case{"//", "//", 0}, Case{":", "", 0}, Case{"shop", "shop", 0}}) {
    const Address address(one.text);
    EXPECT_EQ(address.host, one.host) << one.text;
    EXPECT_EQ(address.port, one.port) << one.text;
  }
}

}  // namespace
}  // namespace spandrel::grpc
