// SPDX-License-Identifier: Apache-2.0
#include "net/http1/http1_server.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "net/testing/server.h"
#include "net/testing/socket.h"

namespace spandrel::net {
namespace {

using testing::kPatience;
using testing::TestServer;
using testing::TestSocket;

// Answers with what it got: "METHOD path?query body".
void Echo(const std::shared_ptr<ServerCall>& call) {
  const Request& request = call->request();
  base::ByteBudget::Reservation reservation;
  Response response;
  response.headers.emplace_back("x-host", request.authority);
  response.body = request.method + " " + request.path + "?" + request.query + " " +
                  call->TakeBody(&reservation);
  call->Respond(std::move(response));
}

std::string Post(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

size_t Count(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Http1ServerTest, AnswersAndKeepsTheConnection) {
  TestServer server(Echo);
  TestSocket socket(server.endpoint());
  socket.Send(Post("/a?b=c", "hello"));
  ASSERT_TRUE(socket.ReadUntil("POST /a?b=c hello"));
  EXPECT_TRUE(socket.received.starts_with("HTTP/1.1 200 OK\r\nx-host: h\r\ncontent-length: 17\r\n"))
      << socket.received;
  socket.Send("GET /second HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(socket.ReadAll().find("GET /second? "), std::string::npos);
}

TEST(Http1ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  TestServer server(Echo);
  TestSocket socket(server.endpoint());
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += Post("/" + std::to_string(i), std::string(2000, 'x'));
  ASSERT_TRUE(socket.Send(requests));
  socket.FinishSending();
  const std::string& answers = socket.ReadAll();
  EXPECT_EQ(Count(answers, "HTTP/1.1 200 OK"), 200U);
  size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    at = answers.find("POST /" + std::to_string(i) + "? ", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST(Http1ServerTest, HeadHasLengthAndNoBody) {
  TestServer server(Echo);
  TestSocket socket(server.endpoint());
  socket.Send("HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string& answer = socket.ReadAll();
  EXPECT_NE(answer.find("content-length: 9\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST(Http1ServerTest, ChunkedUploadInSmallPieces) {
  TestServer server(Echo);
  TestSocket socket(server.endpoint());
  socket.Send("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (const char c : std::string("5;ext=1\r\nhello\r\n7\r\n, world\r\n0\r\nTrailer: t\r\n\r\n")) {
    ASSERT_TRUE(socket.Send(std::string(1, c)));
  }
  EXPECT_TRUE(socket.ReadUntil("POST /c? hello, world"));
}

TEST(Http1ServerTest, ExpectContinueIsAnswered) {
  TestServer server(Echo);
  TestSocket socket(server.endpoint());
  socket.Send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(socket.ReadUntil("HTTP/1.1 100 Continue\r\n\r\n"));
  socket.Send("abc");
  EXPECT_TRUE(socket.ReadUntil("POST /e? abc"));
}

TEST(Http1ServerTest, StreamedAnswerIsChunked) {
  TestServer server([](const std::shared_ptr<ServerCall>& call) {
    call->Start(200, {{"content-type", "text/plain"}});
    call->Write("one");
    call->Write("two");
    call->Finish();
  });
  TestSocket socket(server.endpoint());
  socket.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(socket.ReadUntil("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
}

TEST(Http1ServerTest, UnansweredIs500AndCounted) {
  TestServer server([](const std::shared_ptr<ServerCall>&) {});
  TestSocket socket(server.endpoint());
  socket.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(socket.ReadUntil("HTTP/1.1 500 "));
  EXPECT_EQ(server.Refused("unanswered"), 1U);
}

TEST(Http1ServerTest, ThrowingHandlerIs500) {
  TestServer server(
      [](const std::shared_ptr<ServerCall>&) { throw std::runtime_error("handler broke"); });
  TestSocket socket(server.endpoint());
  socket.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(socket.ReadUntil("HTTP/1.1 500 "));
}

TEST(Http1ServerTest, HeaderValuesCannotEndTheirLine) {
  TestServer server([](const std::shared_ptr<ServerCall>& call) {
    Response response;
    response.headers.emplace_back("location", "/x\r\nset-cookie: evil=1");
    call->Respond(std::move(response));
  });
  TestSocket socket(server.endpoint());
  socket.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(socket.ReadAll().find("\r\nset-cookie"), std::string::npos);
}

TEST(Http1ServerTest, MalformedRequestsAreRefused) {
  const std::string kPost = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::string kMalformed[] = {
      "GET / HTTP/1.1\r\n\r\n",                                   // no host
      "GET  / HTTP/9.9\r\nHost: h\r\n\r\n",                       // version
      "GET / HTTP/1.1\r\nHost: h\r\nBad Header: x\r\n\r\n",       // space in a name
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",  // negative
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      kPost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "\x16\x03\x01 this is a TLS hello\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n 1\r\n\r\nx",
      kPost + "Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n",
  };
  TestServer server(Echo);
  for (const std::string& request : kMalformed) {
    TestSocket socket(server.endpoint());
    socket.Send(request);
    const std::string& answer = socket.ReadAll();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ") || answer.starts_with("HTTP/1.1 501 "))
        << request << answer;
    EXPECT_EQ(Count(answer, "HTTP/1.1 "), 1U) << request;
  }
  EXPECT_EQ(server.Refused("bad_request"), std::size(kMalformed));
}

TEST(Http1ServerTest, NamesOfCodingsHaveNoCase) {
  TestServer server(Echo);
  TestSocket socket(server.endpoint());
  socket.Send(
      "POST /t HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\nExpect: 100-Continue\r\n\r\n");
  ASSERT_TRUE(socket.ReadUntil("HTTP/1.1 100 Continue\r\n\r\n"));
  socket.Send("2\r\nab\r\n0\r\n\r\n");
  EXPECT_TRUE(socket.ReadUntil("POST /t? ab"));
}

// CVE-2023-39326.
TEST(Http1ServerTest, ChunkExtensionsAreBoundedInAll) {
  TestServer server(Echo);
  TestSocket socket(server.endpoint());
  socket.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "1;" + std::string(2000, 'e') + "\r\n \r\n";
  for (int i = 0; i < 20; ++i) socket.Send(chunk);
  EXPECT_TRUE(socket.ReadAll().starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(server.Refused("bad_request"), 1U);
}

TEST(Http1ServerTest, TooLargeHeadersAre431) {
  ServerLimits limits;
  limits.max_header_bytes = 1024;
  TestServer server(Echo, limits);
  TestSocket one(server.endpoint());
  one.Send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(2000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(one.ReadAll().starts_with("HTTP/1.1 431 "));
  TestSocket endless(server.endpoint());
  endless.Send("GET /" + std::string(4000, 'x'));
  EXPECT_TRUE(endless.ReadAll().starts_with("HTTP/1.1 431 "));
  EXPECT_EQ(server.Refused("headers_too_large"), 2U);
}

TEST(Http1ServerTest, TooLargeBodiesAre413) {
  ServerLimits limits;
  limits.max_body_bytes = 1000;
  TestServer server(Echo, limits);
  TestSocket claimed(server.endpoint());
  claimed.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n");
  EXPECT_TRUE(claimed.ReadAll().starts_with("HTTP/1.1 413 "));
  TestSocket expecting(server.endpoint());
  expecting.Send(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(expecting.ReadAll().starts_with("HTTP/1.1 413 "));
  // The answer arrives although the client has sent more than the server read.
  TestSocket chunked(server.endpoint());
  chunked.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 100; ++i) chunked.Send("1000\r\n" + std::string(0x1000, 'x') + "\r\n");
  EXPECT_TRUE(chunked.ReadAll().starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(server.Refused("body_too_large"), 3U);
  EXPECT_EQ(server.memory.used(), 0U);
}

TEST(Http1ServerTest, NoMemoryIs503WithRetryAfter) {
  TestServer server(Echo, {}, {}, 64 << 10);
  TestSocket socket(server.endpoint());
  socket.Send(Post("/", std::string(100 << 10, 'x')));
  const std::string& answer = socket.ReadAll();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 "));
  EXPECT_NE(answer.find("retry-after: 1\r\n"), std::string::npos);
  EXPECT_EQ(server.Refused("no_memory"), 1U);
  EXPECT_EQ(server.memory.used(), 0U);
}

class NotTaken {
 public:
  static base::Status Check(const Request& request) {
    if (request.path == "/taken") return {};
    return base::Status::Unavailable("busy", std::chrono::milliseconds(1'500));
  }
  TestServer server{Echo, {}, {}, 256 << 10, Check};
};

TEST(Http1ServerTest, WhatIsNotTakenIsSkippedAndTheConnectionGoesOn) {
  NotTaken not_taken;
  TestSocket socket(not_taken.server.endpoint());
  socket.Send(Post("/", std::string(500 << 10, 'x')) +
              "GET /taken HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string& answer = socket.ReadAll();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_NE(answer.find("retry-after: 2\r\n"), std::string::npos);
  EXPECT_NE(answer.find("HTTP/1.1 200 "), std::string::npos) << "more than the budget was skipped";
  EXPECT_EQ(not_taken.server.Refused("overload"), 1U);
  EXPECT_EQ(not_taken.server.memory.used(), 0U);
}

TEST(Http1ServerTest, WhatIsNotTakenAndLongOrAskedForClosesAtOnce) {
  NotTaken not_taken;
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  for (const char* more : {"Content-Length: 2000000\r\n", "Transfer-Encoding: chunked\r\n",
                           "Content-Length: 9\r\nExpect: 100-continue\r\n"}) {
    TestSocket socket(not_taken.server.endpoint());
    socket.Send(post + more + "\r\n");
    const std::string& answer = socket.ReadAll();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << more << answer;
  }
  EXPECT_EQ(not_taken.server.Refused("overload"), 3U);
}

TEST(Http1ServerTest, AnAnswerWithoutRoomIs503) {
  TestServer server(
      [](const std::shared_ptr<ServerCall>& call) {
        call->Respond({200, {}, std::string(128 << 10, 'x'), {}});
      },
      {}, {}, 64 << 10);
  TestSocket socket(server.endpoint());
  socket.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(socket.ReadAll().starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(server.Refused("no_memory"), 1U);
  EXPECT_EQ(server.memory.used(), 0U);
}

TEST(Http1ServerTest, SlowHeadersAndSlowBodiesEnd) {
  ServerLimits limits;
  limits.header_timeout = std::chrono::milliseconds(30);
  limits.body_grace = std::chrono::milliseconds(30);
  limits.min_body_bytes_per_second = 1 << 20;
  TestServer server(Echo, limits);
  TestSocket silent(server.endpoint());
  EXPECT_EQ(silent.ReadAll(), "");
  TestSocket header(server.endpoint());
  header.Send("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(header.ReadAll().starts_with("HTTP/1.1 408 "));
  TestSocket body(server.endpoint());
  body.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_TRUE(body.ReadAll().starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(server.Refused("header_timeout"), 2U);
  EXPECT_EQ(server.Refused("slow_body"), 1U);
}

TEST(Http1ServerTest, IdleConnectionsEnd) {
  ServerLimits limits;
  limits.idle_timeout = std::chrono::milliseconds(30);
  TestServer server(Echo, limits);
  TestSocket socket(server.endpoint());
  socket.Send(Post("/", "x"));
  EXPECT_TRUE(socket.ReadAll().ends_with("POST /? x"));
}

// A server whose first call is held, so that its connection is busy.
struct BusyServer {
  explicit BusyServer(const ServerLimits& limits)
      : server([this](std::shared_ptr<ServerCall> call) { held.set_value(std::move(call)); },
               limits),
        first(server.endpoint()) {
    first.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    call = held.get_future().get();
  }

  std::promise<std::shared_ptr<ServerCall>> held;
  TestServer server;
  TestSocket first;
  std::shared_ptr<ServerCall> call;
};

TEST(Http1ServerTest, ConnectionsOverTheLimitAreClosed) {
  ServerLimits limits;
  limits.max_connections = 1;
  limits.max_connections_of_peer = 100;
  BusyServer busy(limits);
  TestSocket second(busy.server.endpoint());
  EXPECT_EQ(second.ReadAll(), "");
  EXPECT_EQ(busy.server.Refused("too_many_connections"), 1U);
}

TEST(Http1ServerTest, OneAddressHasAShareOfTheConnections) {
  ServerLimits limits;
  limits.max_connections = 2;
  BusyServer busy(limits);
  TestSocket second(busy.server.endpoint());
  EXPECT_EQ(second.ReadAll(), "");
  EXPECT_EQ(busy.server.Refused("too_many_of_peer"), 1U);
}

TEST(Http1ServerTest, IdleConnectionsMakeRoom) {
  ServerLimits limits;
  limits.max_connections = 1;
  limits.max_connections_of_peer = 100;
  TestServer server(Echo, limits);
  TestSocket first(server.endpoint());
  first.Send(Post("/", "x"));
  ASSERT_TRUE(first.ReadUntil("POST /? x"));
  // It becomes idle a moment after its answer is here.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  bool answered = false;
  while (!answered && std::chrono::steady_clock::now() < deadline) {
    TestSocket second(server.endpoint());
    second.Send(Post("/second", "x"));
    answered = second.ReadUntil("POST /second? x");
  }
  EXPECT_TRUE(answered);
  EXPECT_GE(server.Refused("idlest"), 1U);
  EXPECT_EQ(Count(first.ReadAll(), "HTTP/1.1 "), 1U);
}

TEST(Http1ServerTest, ShutdownWaitsForAnswersUnderWay) {
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<ServerCall> held;
  TestServer server([&](std::shared_ptr<ServerCall> call) {
    const std::lock_guard lock(mutex);
    held = std::move(call);
    changed.notify_all();
  });
  TestSocket idle(server.endpoint());
  TestSocket busy(server.endpoint());
  busy.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, kPatience, [&] { return held != nullptr; }));
  std::thread stopper(
      [&] { server.server->Shutdown(std::chrono::steady_clock::now() + kPatience); });
  EXPECT_EQ(idle.ReadAll(), "");
  Echo(held);
  held.reset();
  stopper.join();
  EXPECT_TRUE(busy.ReadAll().ends_with("GET /? "));
}

TEST(ServerTest, PortInUseNamesTheAddress) {
  TestServer server(Echo);
  ServerOptions options;
  options.endpoint = server.endpoint();
  Server second(server.runtime, options, server.metrics, server.memory, Echo);
  EXPECT_EQ(second.Start().message(), server.endpoint().ToString() + ": address already in use");
}

}  // namespace
}  // namespace spandrel::net
