// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "net/exchange/server_call.h"
#include "net/grpc/grpc_channel.h"
#include "net/grpc/grpc_server.h"
#include "net/peer/server.h"
#include "net/testing/server.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;
using testing::kPatience;
using testing::PlainChannel;
using testing::TestServer;

class GrpcTest : public ::testing::Test {
 protected:
  GrpcTest() {
    router.Handle("/test.Echo/Say", [](std::shared_ptr<GrpcCall> call) {
      base::ByteBudget::Reservation reservation;
      call->Reply(call->TakeMessage(&reservation));
    });
    router.Handle("/test.Echo/Busy", [](std::shared_ptr<GrpcCall> call) {
      call->Finish(Status::Unavailable("queue is full: 100 %", std::chrono::milliseconds(1500)));
    });
    router.Handle("/test.Echo/Forget", [](std::shared_ptr<GrpcCall>) {});
    router.Handle("/test.Echo/Count", [](std::shared_ptr<GrpcCall> call) {
      for (int i = 0; i < 1000; ++i) call->Write(std::to_string(i));
      call->Finish({});
    });
    router.Handle("/test.Echo/Later", [this](std::shared_ptr<GrpcCall> call) {
      answerers.emplace_back([call = std::move(call)] { call->Reply("later"); });
    });
  }
  ~GrpcTest() override {
    for (std::thread& thread : answerers) thread.join();
  }

  base::ByteBudget memory{64 << 20};
  base::MetricRegistry metrics;
  GrpcRouter router{memory, 8 << 20, &metrics};
  std::vector<std::thread> answerers;
  std::vector<std::shared_ptr<ServerCall>> held;
  TestServer server{[this](std::shared_ptr<ServerCall> call) { router(std::move(call)); }};
  GrpcChannel channel{server.runtime, PlainChannel(server.endpoint())};
};

TEST_F(GrpcTest, UnaryAnswersWithTheMessage) {
  const GrpcChannel::Reply reply = channel.UnaryAndWait("/test.Echo/Say", "hello", kPatience);
  ASSERT_TRUE(reply.status.ok()) << reply.status.ToString();
  EXPECT_EQ(reply.message, "hello");
}

TEST_F(GrpcTest, LargeMessagesGoBothWays) {
  const std::string message(3 << 20, 'x');
  const GrpcChannel::Reply reply = channel.UnaryAndWait("/test.Echo/Say", message, kPatience);
  ASSERT_TRUE(reply.status.ok()) << reply.status.ToString();
  EXPECT_EQ(reply.message, message);
  EXPECT_EQ(server.memory.used(), 0U);
}

TEST_F(GrpcTest, ManyCallsAtOnce) {
  constexpr int kCalls = 500;
  std::vector<std::future<GrpcChannel::Reply>> replies;
  for (int i = 0; i < kCalls; ++i) {
    auto promise = std::make_shared<std::promise<GrpcChannel::Reply>>();
    replies.push_back(promise->get_future());
    channel.Unary("/test.Echo/Say", std::to_string(i), kPatience,
                  [promise](GrpcChannel::Reply reply) { promise->set_value(std::move(reply)); });
  }
  for (int i = 0; i < kCalls; ++i) EXPECT_EQ(replies[i].get().message, std::to_string(i));
}

TEST_F(GrpcTest, StatusCarriesMessageAndRetryDelay) {
  const GrpcChannel::Reply reply = channel.UnaryAndWait("/test.Echo/Busy", "x", kPatience);
  EXPECT_EQ(reply.status.code(), StatusCode::kUnavailable);
  EXPECT_NE(reply.status.message().find("queue is full: 100 %"), std::string::npos);
  EXPECT_EQ(reply.status.retry_after(), std::chrono::milliseconds(1500));
}

TEST_F(GrpcTest, UnknownMethodIsUnimplemented) {
  const GrpcChannel::Reply reply = channel.UnaryAndWait("/test.Echo/Nope", "x", kPatience);
  EXPECT_EQ(reply.status.code(), StatusCode::kUnimplemented);
  const std::string text = metrics.RenderPrometheus();
  EXPECT_NE(text.find("spandrel_grpc_refused_calls_total{code=\"UNIMPLEMENTED\"} 1"),
            std::string::npos)
      << text;
}

TEST_F(GrpcTest, DroppedCallIsInternal) {
  const GrpcChannel::Reply reply = channel.UnaryAndWait("/test.Echo/Forget", "x", kPatience);
  EXPECT_EQ(reply.status.code(), StatusCode::kInternal);
}

TEST_F(GrpcTest, AnswersFromAnotherThread) {
  EXPECT_EQ(channel.UnaryAndWait("/test.Echo/Later", "x", kPatience).message, "later");
}

TEST_F(GrpcTest, ServerStreamingKeepsOrder) {
  std::vector<std::string> messages;
  std::promise<Status> done;
  channel.ServerStreaming(
      "/test.Echo/Count", "go", kPatience,
      [&messages](std::string message) { messages.push_back(std::move(message)); },
      [&done](Status status) { done.set_value(std::move(status)); });
  EXPECT_TRUE(done.get_future().get().ok());
  ASSERT_EQ(messages.size(), 1000U);
  EXPECT_EQ(messages.front(), "0");
  EXPECT_EQ(messages.back(), "999");
}

TEST_F(GrpcTest, CompressedRequests) {
  for (const std::string encoding : {"gzip", "zstd"}) {
    GrpcChannelOptions options = PlainChannel(server.endpoint());
    options.compression = encoding;
    GrpcChannel compressed(server.runtime, options);
    const std::string message(1 << 20, 'y');
    EXPECT_EQ(compressed.UnaryAndWait("/test.Echo/Say", message, kPatience).message, message);
  }
}

TEST_F(GrpcTest, MessageOverTheLimitIsResourceExhausted) {
  for (const std::string encoding : {"", "gzip", "zstd"}) {
    GrpcChannelOptions options = PlainChannel(server.endpoint());
    options.compression = encoding;
    GrpcChannel other(server.runtime, options);
    const std::string message(9 << 20, 'y');
    const GrpcChannel::Reply reply = other.UnaryAndWait("/test.Echo/Say", message, kPatience);
    EXPECT_EQ(reply.status.code(), StatusCode::kResourceExhausted) << encoding;
    EXPECT_FALSE(reply.status.retry_after());
  }
}

TEST_F(GrpcTest, ReconnectsAfterTheServerIsBack) {
  ASSERT_TRUE(channel.UnaryAndWait("/test.Echo/Say", "1", kPatience).status.ok());
  const Endpoint endpoint = server.endpoint();
  server.server->Shutdown(std::chrono::steady_clock::now() + kPatience);
  const GrpcChannel::Reply refused = channel.UnaryAndWait("/test.Echo/Say", "2", kPatience);
  EXPECT_EQ(refused.status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(refused.status.message(), endpoint.ToString() + ": connection refused");

  ServerOptions options;
  options.endpoint = endpoint;
  Server again(server.runtime, options, server.metrics, server.memory,
               [this](std::shared_ptr<ServerCall> call) { router(std::move(call)); });
  ASSERT_TRUE(again.Start().ok());
  EXPECT_EQ(channel.UnaryAndWait("/test.Echo/Say", "3", kPatience).message, "3");
}

TEST_F(GrpcTest, DeadlineIsKept) {
  // A listening socket that never answers.
  TestServer silent([this](std::shared_ptr<ServerCall> call) { held.push_back(std::move(call)); });
  GrpcChannel waiting(silent.runtime, PlainChannel(silent.endpoint()));
  const auto reply = waiting.UnaryAndWait("/test.Echo/Say", "x", std::chrono::milliseconds(50));
  EXPECT_EQ(reply.status.code(), StatusCode::kDeadlineExceeded);
  held.clear();
}

}  // namespace
}  // namespace spandrel::net
