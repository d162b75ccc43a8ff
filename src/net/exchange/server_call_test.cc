// SPDX-License-Identifier: Apache-2.0
#include "net/exchange/server_call.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>

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

TEST_F(HeldCallTest, AConnectionIsNotKeptForACancelledCall) {
  TestSocket socket(server_.endpoint());
  socket.Send(kGet);
  auto call = NextCall();
  socket.FinishSending();
  const auto deadline = After(kPatience);
  while (!call->cancelled() && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_TRUE(call->cancelled());
  call.reset();
  EXPECT_EQ(socket.ReadAll(), "");
}

}  // namespace
}  // namespace spandrel::net
