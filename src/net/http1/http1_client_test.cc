// SPDX-License-Identifier: Apache-2.0
#include "net/http1/http1_client.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace spandrel::net {
namespace {

using base::StatusCode;

// A client without a socket.
class Http1ClientTest : public testing::Test {
 protected:
  Http1ClientTest() { EXPECT_TRUE(client_.OnConnected("").ok()); }

  void Call() {
    auto call = std::make_shared<ClientCall>();
    call->request.method = "GET";
    call->request.target = "/";
    call->max_response_bytes = 1 << 10;
    client_.Call(std::make_shared<CallTicket>(
        std::move(call), end_, [this](const std::shared_ptr<ClientCall>&, ClientOutcome outcome) {
          outcomes_.push_back(std::move(outcome));
        }));
    std::string request;
    client_.Produce(1 << 20, &request);
  }

  const std::shared_ptr<ConnectionEnd> end_ = std::make_shared<ConnectionEnd>();
  std::vector<ClientOutcome> outcomes_;
  int idle_ = 0;
  Http1Client client_{end_, [this] { ++idle_; }};
};

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

TEST_F(Http1ClientTest, TakesCallsOneAfterAnother) {
  for (int i = 1; i <= 3; ++i) {
    Call();
    for (const char c : kAnswer) client_.OnBytes({&c, 1});
    ASSERT_EQ(outcomes_.size(), static_cast<size_t>(i));
    EXPECT_EQ(outcomes_.back().response.body, "ok");
    EXPECT_EQ(idle_, i);
    EXPECT_FALSE(client_.Done());
  }
}

TEST_F(Http1ClientTest, AnInterimResponseIsNoAnswer) {
  Call();
  client_.OnBytes("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(outcomes_.empty());
  client_.OnBytes(kAnswer);
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].response.status, 200);
}

TEST_F(Http1ClientTest, AConnectionThatClosesAfterAnInterimResponseIsLost) {
  Call();
  client_.OnBytes("HTTP/1.1 103 Early Hints\r\n\r\n");
  client_.OnEof();
  client_.OnClosed({});
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].status.code(), StatusCode::kUnavailable);
}

TEST_F(Http1ClientTest, RefusesAStatusThatNobodyAskedFor) {
  for (const char* status : {"000", "099", "101"}) {
    Http1Client client(end_, [] {});
    ASSERT_TRUE(client.OnConnected("").ok());
    auto call = std::make_shared<ClientCall>();
    call->request.method = "GET";
    ClientOutcome outcome;
    client.Call(std::make_shared<CallTicket>(
        std::move(call), end_,
        [&outcome](const std::shared_ptr<ClientCall>&, ClientOutcome last) { outcome = last; }));
    client.OnBytes(std::string("HTTP/1.1 ") + status + " Strange\r\ncontent-length: 0\r\n\r\n");
    EXPECT_EQ(outcome.status.code(), StatusCode::kUnavailable) << status;
    EXPECT_TRUE(client.Done()) << status;
  }
}

// They would be taken for the answer to the next call.
TEST_F(Http1ClientTest, BytesBehindTheAnswerEndTheConnection) {
  Call();
  client_.OnBytes(std::string(kAnswer) + "HTTP/1.1 200 OK\r\n");
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].response.body, "ok");
  EXPECT_TRUE(client_.Done());
  EXPECT_EQ(idle_, 0);
}

}  // namespace
}  // namespace spandrel::net
