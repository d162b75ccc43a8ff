// SPDX-License-Identifier: Apache-2.0
// Our gRPC against libgrpc++ (test peer only), both ways, with plain bytes for messages.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <thread>

#include "net/exchange/server_call.h"
#include "net/exchange/server_limits.h"
#include "net/grpc/grpc_channel.h"
#include "net/grpc/grpc_server.h"
#include "net/http/rpc_status.h"
#include "net/socket/io_runtime.h"
#include "net/testing/certificates.h"
#include "net/testing/server.h"

namespace spandrel::net {
namespace {

using testing::kPatience;
using testing::PlainChannel;
using testing::TestCertificates;
using testing::TestServer;

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::chrono::system_clock::time_point Deadline() {
  return std::chrono::system_clock::now() + kPatience;
}

// libgrpc++ as the client of our server.
class LibgrpcClientTest : public ::testing::Test {
 protected:
  LibgrpcClientTest() {
    router.Handle("/test.Echo/Say", [](std::shared_ptr<GrpcCall> call) {
      base::ByteBudget::Reservation reservation;
      call->Reply(call->TakeMessage(&reservation));
    });
    router.Handle("/test.Echo/Busy", [](std::shared_ptr<GrpcCall> call) {
      call->Finish(base::Status::Unavailable("try later, f\xc3\xbcll", std::chrono::seconds(2)));
    });
    router.Handle("/test.Echo/Stream", [](std::shared_ptr<GrpcCall> call) {
      for (int i = 0; i < 100; ++i) call->Write(std::string(10'000, 'x'));
      call->Finish({});
    });
  }

  grpc::Status Call(grpc::Channel& channel, const std::string& method, const std::string& message,
                    std::string* answer,
                    grpc_compression_algorithm compression = GRPC_COMPRESS_NONE) {
    grpc::GenericStub stub(std::shared_ptr<grpc::Channel>(&channel, [](grpc::Channel*) {}));
    grpc::ClientContext context;
    context.set_deadline(Deadline());
    context.set_compression_algorithm(compression);
    grpc::CompletionQueue queue;
    auto call = stub.PrepareUnaryCall(&context, method, ToBuffer(message), &queue);
    call->StartCall();
    grpc::ByteBuffer reply;
    grpc::Status status;
    call->Finish(&reply, &status, this);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    if (status.ok()) *answer = ToString(reply);
    return status;
  }

  std::shared_ptr<grpc::Channel> Connect(const TestServer& server) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    return grpc::CreateCustomChannel(server.endpoint().ToString(),
                                     grpc::InsecureChannelCredentials(), arguments);
  }

  base::ByteBudget memory{64 << 20};
  GrpcRouter router{memory, 8 << 20};
  Handler handler{[this](std::shared_ptr<ServerCall> call) { router(std::move(call)); }};
};

TEST_F(LibgrpcClientTest, UnaryOfAllSizes) {
  TestServer server(handler);
  const auto channel = Connect(server);
  for (const size_t size : {0, 1, 1000, 70'000, 5 << 20}) {
    const std::string message(size, 'm');
    std::string answer;
    const grpc::Status status = Call(*channel, "/test.Echo/Say", message, &answer);
    ASSERT_TRUE(status.ok()) << size << status.error_message();
    EXPECT_EQ(answer, message);
  }
}

TEST_F(LibgrpcClientTest, CompressedRequests) {
  TestServer server(handler);
  const auto channel = Connect(server);
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    const std::string message(100'000, 'm');
    std::string answer;
    const grpc::Status status = Call(*channel, "/test.Echo/Say", message, &answer, algorithm);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(answer, message);
  }
}

TEST_F(LibgrpcClientTest, StatusWithDetails) {
  TestServer server(handler);
  const auto channel = Connect(server);
  std::string answer;
  const grpc::Status status = Call(*channel, "/test.Echo/Busy", "x", &answer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "try later, f\xc3\xbcll");
  EXPECT_EQ(DecodeRetryDelay(status.error_details()), std::chrono::seconds(2));
  EXPECT_EQ(Call(*channel, "/test.Echo/None", "x", &answer).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(LibgrpcClientTest, TooLargeIsResourceExhausted) {
  ServerLimits limits;
  limits.max_body_bytes = 10'000;
  TestServer server(handler, limits);
  const auto channel = Connect(server);
  std::string answer;
  const std::string message(1 << 20, 'm');
  EXPECT_EQ(Call(*channel, "/test.Echo/Say", message, &answer).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Call(*channel, "/test.Echo/Say", "small", &answer).ok());
}

TEST_F(LibgrpcClientTest, ServerStreaming) {
  TestServer server(handler);
  grpc::GenericStub stub(Connect(server));
  grpc::ClientContext context;
  context.set_deadline(Deadline());
  grpc::CompletionQueue queue;
  const auto next = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return ok;
  };
  auto call = stub.PrepareCall(&context, "/test.Echo/Stream", &queue);
  call->StartCall(this);
  ASSERT_TRUE(next());
  call->WriteLast(ToBuffer("go"), grpc::WriteOptions(), this);
  ASSERT_TRUE(next());
  int messages = 0;
  grpc::ByteBuffer message;
  for (call->Read(&message, this); next(); call->Read(&message, this)) {
    EXPECT_EQ(message.Length(), 10'000U);
    ++messages;
  }
  grpc::Status status;
  call->Finish(&status, this);
  ASSERT_TRUE(next());
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(messages, 100);
}

// Answers each message with itself, and says at the end how many there were.
class EchoRequests final : public GrpcRequests {
 public:
  explicit EchoRequests(std::shared_ptr<GrpcCall> call) : call_(std::move(call)) {}
  void OnMessage(std::string message, base::ByteBudget::Reservation) override {
    ++count_;
    call_->Write(message);
    if (message == "stop") call_->Finish({base::StatusCode::kAborted, "stopped"});
  }
  void OnEnd(const base::Status& status) override {
    if (status.ok()) call_->Write("all " + std::to_string(count_));
    call_->Finish(status);
  }

 private:
  const std::shared_ptr<GrpcCall> call_;
  int count_ = 0;
};

// A call in which both sides talk.
class Conversation {
 public:
  Conversation(const std::shared_ptr<grpc::Channel>& channel,
               grpc_compression_algorithm compression = GRPC_COMPRESS_NONE)
      : stub_(channel) {
    context_.set_deadline(Deadline());
    context_.set_compression_algorithm(compression);
    call_ = stub_.PrepareCall(&context_, "/test.Echo/Talk", &queue_);
    call_->StartCall(this);
    Next();
  }
  bool Say(const std::string& message) {
    call_->Write(ToBuffer(message), this);
    return Next();
  }
  // Empty at the end.
  std::string Hear() {
    grpc::ByteBuffer message;
    call_->Read(&message, this);
    return Next() ? ToString(message) : "";
  }
  void End() {
    call_->WritesDone(this);
    Next();
  }
  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, this);
    Next();
    return status;
  }

 private:
  bool Next() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

class ConversationTest : public LibgrpcClientTest {
 protected:
  ConversationTest() {
    router.HandleStream("/test.Echo/Talk", 100'000, [](const std::shared_ptr<GrpcCall>& call) {
      return std::make_shared<EchoRequests>(call);
    });
  }

  TestServer server{handler, {},
                    {},      256 << 20,
                    {},      [this](const Request& request) {
                      return router.IsStreamed(request); }};
};

TEST_F(ConversationTest, EachMessageIsAnsweredBeforeTheNext) {
  for (const auto algorithm : {GRPC_COMPRESS_NONE, GRPC_COMPRESS_GZIP}) {
    Conversation talk(Connect(server), algorithm);
    for (const size_t size : {1, 70'000, 100'000, 2}) {
      const std::string message(size, 'm');
      ASSERT_TRUE(talk.Say(message));
      ASSERT_EQ(talk.Hear(), message);
    }
    talk.End();
    EXPECT_EQ(talk.Hear(), "all 4");
    EXPECT_EQ(talk.Hear(), "");
    EXPECT_TRUE(talk.Finish().ok());
  }
}

TEST_F(ConversationTest, TheServerMayEndItFirst) {
  Conversation talk(Connect(server));
  ASSERT_TRUE(talk.Say("stop"));
  EXPECT_EQ(talk.Hear(), "stop");
  EXPECT_EQ(talk.Hear(), "");
  EXPECT_EQ(talk.Finish().error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(ConversationTest, AMessageThatIsTooLargeEndsIt) {
  Conversation talk(Connect(server));
  ASSERT_TRUE(talk.Say("small"));
  EXPECT_EQ(talk.Hear(), "small");
  talk.Say(std::string(100'001, 'm'));
  EXPECT_EQ(talk.Hear(), "");
  EXPECT_EQ(talk.Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(LibgrpcClientTest, AServerThatIsNotToldTakesAllMessagesAtOnce) {
  router.HandleStream("/test.Echo/Talk", 1000, [](const std::shared_ptr<GrpcCall>& call) {
    return std::make_shared<EchoRequests>(call);
  });
  TestServer server(handler);
  Conversation talk(Connect(server));
  ASSERT_TRUE(talk.Say("one"));
  ASSERT_TRUE(talk.Say("two"));
  talk.End();
  EXPECT_EQ(talk.Hear(), "one");
  EXPECT_EQ(talk.Hear(), "two");
  EXPECT_EQ(talk.Hear(), "all 2");
  EXPECT_TRUE(talk.Finish().ok());
}

TEST_F(LibgrpcClientTest, Tls) {
  const TestCertificates files;
  TestServer server(handler, {}, ServerTls{files.cert(), files.key(), ""});
  grpc::SslCredentialsOptions options;
  FILE* file = fopen(files.ca().c_str(), "r");
  char pem[4096];
  options.pem_root_certs.assign(pem, fread(pem, 1, sizeof(pem), file));
  fclose(file);
  const auto channel =
      grpc::CreateChannel(server.endpoint().ToString(), grpc::SslCredentials(options));
  std::string answer;
  const grpc::Status status = Call(*channel, "/test.Echo/Say", "secret", &answer);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answer, "secret");
}

// libgrpc++ as a server that echoes one message of each call, or fails calls of "/test.Echo/Fail".
class LibgrpcServer {
 public:
  LibgrpcServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterAsyncGenericService(&service_);
    builder.SetMaxReceiveMessageSize(-1);
    queue_ = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    thread_ = std::thread([this] { Serve(); });
  }
  ~LibgrpcServer() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    server_->Shutdown(std::chrono::system_clock::now());
    queue_->Shutdown();
    thread_.join();
  }
  Endpoint endpoint() const { return {"127.0.0.1", static_cast<uint16_t>(port_)}; }

 private:
  bool Next() {
    void* tag = nullptr;
    bool ok = false;
    return queue_->Next(&tag, &ok) && ok;
  }
  void Serve() {
    while (ServeOne()) {
    }
    while (Next()) {
    }
  }
  bool ServeOne() {
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter stream(&context);
    {
      // libgrpc++ ends the process when a call is requested of a server that was shut down.
      std::lock_guard lock(mutex_);
      if (stopping_) return false;
      service_.RequestCall(&context, &stream, queue_.get(), queue_.get(), this);
    }
    if (!Next()) return false;
    grpc::ByteBuffer message;
    stream.Read(&message, this);
    Next();
    if (context.method() == "/test.Echo/Fail") {
      stream.Finish({grpc::StatusCode::FAILED_PRECONDITION, "not now: 50 %"}, this);
    } else {
      const int copies = context.method() == "/test.Echo/Stream" ? 3 : 1;
      for (int i = 0; i < copies; ++i) {
        stream.Write(message, this);
        Next();
      }
      stream.Finish(grpc::Status::OK, this);
    }
    Next();
    return true;
  }

  int port_ = 0;
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::mutex mutex_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

TEST(LibgrpcServerTest, UnaryOfAllSizes) {
  LibgrpcServer server;
  IoRuntime runtime(1);
  GrpcChannelOptions options = PlainChannel(server.endpoint());
  options.max_response_bytes = 8 << 20;
  for (const std::string compression : {"", "gzip"}) {
    options.compression = compression;
    GrpcChannel channel(runtime, options);
    for (const size_t size : {0, 1, 1000, 70'000, 5 << 20}) {
      const std::string message(size, 'm');
      const auto reply = channel.UnaryAndWait("/test.Echo/Say", message, kPatience);
      ASSERT_TRUE(reply.status.ok()) << size << reply.status.ToString();
      EXPECT_EQ(reply.message, message);
    }
  }
}

TEST(LibgrpcServerTest, FailuresAndStreams) {
  LibgrpcServer server;
  IoRuntime runtime(1);
  GrpcChannel channel(runtime, PlainChannel(server.endpoint()));
  const auto reply = channel.UnaryAndWait("/test.Echo/Fail", "x", kPatience);
  EXPECT_EQ(reply.status.code(), base::StatusCode::kFailedPrecondition);
  EXPECT_NE(reply.status.message().find("not now: 50 %"), std::string::npos);

  std::vector<std::string> messages;
  std::promise<base::Status> done;
  channel.ServerStreaming(
      "/test.Echo/Stream", "again", kPatience,
      [&messages](std::string message) { messages.push_back(std::move(message)); },
      [&done](base::Status status) { done.set_value(std::move(status)); });
  EXPECT_TRUE(done.get_future().get().ok());
  EXPECT_EQ(messages, std::vector<std::string>(3, "again"));
}

}  // namespace
}  // namespace spandrel::net
