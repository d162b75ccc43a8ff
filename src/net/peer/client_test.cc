// SPDX-License-Identifier: Apache-2.0
#include "net/peer/client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "net/testing/certificates.h"
#include "net/testing/server.h"

namespace spandrel::net {
namespace {

using base::StatusCode;
using testing::kPatience;
using testing::TestCertificates;
using testing::TestServer;

void Echo(const std::shared_ptr<ServerCall>& call) {
  base::ByteBudget::Reservation reservation;
  Response response;
  response.headers.emplace_back("x-http2", call->request().http2 ? "yes" : "no");
  response.body = call->TakeBody(&reservation);
  call->Respond(std::move(response));
}

Request Post(std::string body) {
  Request request;
  request.method = "POST";
  request.target = "/echo";
  request.body = std::move(body);
  return request;
}

HttpClientOptions Options(const Endpoint& endpoint, bool http2) {
  HttpClientOptions options;
  options.endpoint = endpoint;
  options.tls.insecure = true;
  options.http2 = http2;
  return options;
}

class HttpClientTest : public ::testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(Versions, HttpClientTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Http2" : "Http1"; });

TEST_P(HttpClientTest, SendsAndReceives) {
  TestServer server(Echo);
  HttpClient client(server.runtime, Options(server.endpoint(), GetParam()));
  for (const size_t size : {0, 1, 1 << 20, 100}) {
    const auto response = client.SendAndWait(Post(std::string(size, 'x')), kPatience);
    ASSERT_TRUE(response.ok()) << response.status().ToString();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body.size(), size);
    EXPECT_EQ(FindHeader(response->headers, "x-http2"), GetParam() ? "yes" : "no");
  }
}

TEST_P(HttpClientTest, ConnectionRefusedNamesTheEndpoint) {
  Endpoint endpoint;
  IoRuntime runtime(1);
  {
    TestServer gone(Echo);
    endpoint = gone.endpoint();
  }
  HttpClient client(runtime, Options(endpoint, GetParam()));
  const auto response = client.SendAndWait(Post("x"), kPatience);
  EXPECT_EQ(response.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(response.status().message(), endpoint.ToString() + ": connection refused");
}

TEST_P(HttpClientTest, DeadlineIsKept) {
  std::shared_ptr<ServerCall> held;
  TestServer server([&held](std::shared_ptr<ServerCall> call) { held = std::move(call); });
  HttpClient client(server.runtime, Options(server.endpoint(), GetParam()));
  const auto response = client.SendAndWait(Post("x"), std::chrono::milliseconds(50));
  EXPECT_EQ(response.status().code(), StatusCode::kDeadlineExceeded);
  server.server->Shutdown(std::chrono::steady_clock::now());
  EXPECT_TRUE(held->cancelled());
  held.reset();
}

TEST_P(HttpClientTest, TooLargeAnswerIsRefused) {
  TestServer server([](const std::shared_ptr<ServerCall>& call) {
    call->Start(200, {});
    for (int i = 0; i < 100; ++i) call->Write(std::string(64 << 10, 'x'));
    call->Finish();
  });
  HttpClient client(server.runtime, Options(server.endpoint(), GetParam()));
  const auto response = client.SendAndWait(Post("x"), kPatience);
  EXPECT_EQ(response.status().code(), StatusCode::kResourceExhausted);
}

TEST_P(HttpClientTest, DestroyingTheClientCancels) {
  std::promise<void> arrived;
  std::shared_ptr<ServerCall> held;
  TestServer server([&](std::shared_ptr<ServerCall> call) {
    held = std::move(call);
    arrived.set_value();
  });
  auto client =
      std::make_unique<HttpClient>(server.runtime, Options(server.endpoint(), GetParam()));
  StatusCode code = StatusCode::kOk;
  client->Send(Post("x"), kPatience, [&code](const base::Result<Response>& response) {
    code = response.status().code();
  });
  arrived.get_future().wait();
  client.reset();
  EXPECT_EQ(code, StatusCode::kCancelled);
  server.server->Shutdown(std::chrono::steady_clock::now());
  held.reset();
}

TEST_P(HttpClientTest, SurvivesAServerThatClosesIdleConnections) {
  ServerLimits limits;
  limits.idle_timeout = std::chrono::milliseconds(1);
  TestServer server(Echo, limits);
  HttpClient client(server.runtime, Options(server.endpoint(), GetParam()));
  int answered = 0;
  for (int i = 0; i < 50; ++i) {
    Request request = Post("");
    request.method = "GET";
    if (client.SendAndWait(request, kPatience).ok()) ++answered;
  }
  EXPECT_EQ(answered, 50);
}

TEST_P(HttpClientTest, MutualTls) {
  const TestCertificates files;
  const ServerTls server_tls{files.cert(), files.key(), files.ca()};
  TestServer server(Echo, {}, server_tls);
  HttpClientOptions options = Options(server.endpoint(), GetParam());
  options.tls = ClientTls{false, false, files.ca(), files.cert(), files.key(), ""};
  HttpClient client(server.runtime, options);
  const std::string body(1 << 20, 'x');
  const auto response = client.SendAndWait(Post(body), kPatience);
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  EXPECT_EQ(response->body, body);
  EXPECT_EQ(FindHeader(response->headers, "x-http2"), GetParam() ? "yes" : "no");

  options.tls.cert_file.clear();
  options.tls.key_file.clear();
  HttpClient anonymous(server.runtime, options);
  EXPECT_EQ(anonymous.SendAndWait(Post("x"), kPatience).status().code(), StatusCode::kUnavailable);
  // The client may know before the server has counted, and it may have tried again.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (server.Refused("tls_handshake") == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_GE(server.Refused("tls_handshake"), 1U);
}

TEST_P(HttpClientTest, ServerCertificateIsChecked) {
  const TestCertificates files;
  TestServer server(Echo, {}, ServerTls{files.cert(), files.key(), ""});
  HttpClientOptions options = Options(server.endpoint(), GetParam());
  options.tls = ClientTls{};  // the system's roots do not know it
  HttpClient unknown(server.runtime, options);
  const auto refused = unknown.SendAndWait(Post("x"), kPatience);
  EXPECT_EQ(refused.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(refused.status().message().find("certificate verify failed"), std::string::npos)
      << refused.status().message();
  options.tls = ClientTls{false, false, files.ca(), "", "", "wrong.example"};
  HttpClient wrong_name(server.runtime, options);
  EXPECT_FALSE(wrong_name.SendAndWait(Post("x"), kPatience).ok());
  options.tls = ClientTls{false, true, "", "", "", ""};
  HttpClient trusting(server.runtime, options);
  EXPECT_TRUE(trusting.SendAndWait(Post("x"), kPatience).ok());
}

TEST(TlsFilesTest, MissingFilesStopTheStart) {
  IoRuntime runtime(1);
  base::MetricRegistry metrics;
  base::ByteBudget memory(1 << 20);
  ServerOptions options;
  options.endpoint = {"127.0.0.1", 0};
  options.tls = ServerTls{"/nonexistent.pem", "/nonexistent.pem", ""};
  Server server(runtime, options, metrics, memory, Echo);
  const base::Status status = server.Start();
  EXPECT_NE(status.message().find("certificate /nonexistent.pem"), std::string::npos)
      << status.message();
}

}  // namespace
}  // namespace spandrel::net
