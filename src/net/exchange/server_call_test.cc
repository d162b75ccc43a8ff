// SPDX-License-Identifier: Apache-2.0
#include "net/exchange/server_call.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "net/testing/server.h"
#include "net/testing/socket.h"

namespace spandrel::net {
namespace {

using testing::kPatience;
using testing::TestServer;
using testing::TestSocket;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

std::chrono::steady_clock::time_point After(std::chrono::milliseconds delay) {
  return std::chrono::steady_clock::now() + delay;
}

// A server whose calls the test answers itself.
class HeldCallTest : public ::testing::Test {
 protected:
  std::shared_ptr<ServerCall> NextCall() { return promise_.get_future().get(); }

  uint64_t Aborted() {
    return server_.metrics.AddCounter("spandrel_net_aborted_requests_total", {{"server", "test"}})
        .value();
  }
  static bool IsCancelledInTime(const ServerCall& call) {
    const auto deadline = After(kPatience);
    while (!call.cancelled() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    return call.cancelled();
  }

  std::promise<std::shared_ptr<ServerCall>> promise_;
  TestServer server_{
      [this](std::shared_ptr<ServerCall> call) { promise_.set_value(std::move(call)); }};
};

TEST_F(HeldCallTest, WaitsForAReader) {
  TestSocket socket(server_.endpoint());
  socket.Send(kGet);
  const auto call = NextCall();
  call->Start(200, {});
  const std::string piece(1 << 20, 'x');
  size_t unsent = 0;
  for (int i = 0; i < 64; ++i) unsent = call->Write(piece);
  EXPECT_GT(unsent, piece.size()) << "nobody reads";
  EXPECT_FALSE(call->WaitUntilSent(0, After(std::chrono::milliseconds(20))));
  auto waiting =
      std::async(std::launch::async, [&] { return call->WaitUntilSent(0, After(kPatience)); });
  while (waiting.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    ASSERT_TRUE(socket.ReadSome());
  }
  EXPECT_TRUE(waiting.get());
  call->Finish();
  EXPECT_TRUE(socket.ReadAll().ends_with("\r\n0\r\n\r\n"));
}

TEST_F(HeldCallTest, AReaderThatGoesEndsTheWait) {
  std::future<bool> waiting;
  {
    TestSocket socket(server_.endpoint());
    socket.Send(kGet);
    const auto call = NextCall();
    call->Start(200, {});
    for (int i = 0; i < 64; ++i) call->Write(std::string(1 << 20, 'x'));
    waiting =
        std::async(std::launch::async, [call] { return call->WaitUntilSent(0, After(kPatience)); });
  }
  EXPECT_FALSE(waiting.get());
}

TEST(ServerCallTest, AReaderThatTakesTooLittleIsDropped) {
  ServerLimits limits;
  limits.read_window = std::chrono::milliseconds(50);
  limits.min_read_bytes_per_second = 1 << 20;
  std::promise<std::shared_ptr<ServerCall>> arrived;
  TestServer server(
      [&arrived](std::shared_ptr<ServerCall> call) { arrived.set_value(std::move(call)); }, limits);
  TestSocket socket(server.endpoint());
  socket.Send(kGet);
  const auto call = arrived.get_future().get();
  call->Start(200, {});
  for (int i = 0; i < 64; ++i) call->Write(std::string(1 << 20, 'x'));
  EXPECT_FALSE(call->WaitUntilSent(0, After(kPatience)));
  EXPECT_TRUE(call->cancelled());
  EXPECT_EQ(server.Refused("slow_reader"), 1U);
}

TEST_F(HeldCallTest, AHalfCloseIsAnswered) {
  TestSocket socket(server_.endpoint());
  socket.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  socket.FinishSending();
  const auto call = NextCall();
  ASSERT_TRUE(socket.ReadUntil("HTTP/1.1 100 Continue\r\n\r\n")) << "is it there still?";
  EXPECT_FALSE(call->cancelled());
  call->Respond({200, {}, "answer", {}});
  EXPECT_TRUE(socket.ReadAll().ends_with("\r\n\r\nanswer"));
  EXPECT_EQ(Aborted(), 0U);
}

TEST_F(HeldCallTest, AClientThatLeavesIsNoticedWhileItsCallWaits) {
  std::shared_ptr<ServerCall> call;
  {
    TestSocket socket(server_.endpoint());
    socket.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    call = NextCall();
  }
  ASSERT_TRUE(IsCancelledInTime(*call));
  call.reset();
  EXPECT_EQ(Aborted(), 1U);
  server_.server->Shutdown(After(kPatience));
}

TEST_F(HeldCallTest, AResetIsNoticedThoughNothingIsRead) {
  std::shared_ptr<ServerCall> call;
  {
    TestSocket socket(server_.endpoint());
    socket.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(1 << 20, 'x'));
    call = NextCall();
    socket.ResetOnClose();
  }
  EXPECT_TRUE(IsCancelledInTime(*call));
}

}  // namespace
}  // namespace spandrel::net
