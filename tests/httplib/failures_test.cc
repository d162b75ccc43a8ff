// SPDX-License-Identifier: Apache-2.0
// What spans say when an answer does not arrive, and when a request is refused.
#include <chrono>
#include <functional>

#include "adapter_fixture.h"

namespace spandrel::httplib_test {
namespace {

using Leaving = void (RawClient::*)();

class LeavingTest : public AdapterTest, public testing::WithParamInterface<Leaving> {
 protected:
  void Leave(RawClient& client) { (client.*GetParam())(); }
  // The server must not stop before it is done with the answer: that would be an error of its own.
  Span ServedSpan() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (recording_.Spans().empty() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    return Server();
  }
};

TEST_P(LeavingTest, DuringEvents) {
  server_->Get("/events", [](const Request&, Response& response) {
    response.set_chunked_content_provider("text/event-stream", [](size_t, DataSink& sink) {
      while (sink.write("data: x\n\n", 9)) {
      }
      return true;
    });
  });
  server_.Start();
  RawClient client(server_.port());
  client.Get("/events").ReadUntil("data: x");
  Leave(client);
  const Span server = ServedSpan();
  EXPECT_EQ(ErrorType(server), "connection_lost");
  EXPECT_EQ(server.name(), "GET /events");
  EXPECT_EQ(StatusCode(server), "200");
}

// The application notices by itself and gives up.
TEST_P(LeavingTest, BetweenEvents) {
  server_->Get("/events", [](const Request&, Response& response) {
    response.set_content_provider("text/event-stream", [](size_t offset, DataSink& sink) {
      if (offset == 0) return sink.write("data: x\n\n", 9);
      while (sink.is_writable()) std::this_thread::yield();
      return false;
    });
  });
  server_.Start();
  RawClient client(server_.port());
  client.Get("/events").ReadUntil("data: x");
  Leave(client);
  EXPECT_EQ(ErrorType(ServedSpan()), "connection_lost");
}

TEST_P(LeavingTest, DuringABigBody) {
  server_->Get("/big", [](const Request&, Response& response) {
    response.set_content(std::string(size_t{64} << 20, 'x'), "text/plain");
  });
  server_.Start();
  RawClient client(server_.port());
  client.Get("/big").ReadUntil("\r\n\r\nx");
  Leave(client);
  EXPECT_EQ(ErrorType(ServedSpan()), "connection_lost");
}

// Old versions do not tell a handler, but they do not write to a client that has left either, so
// that bodies which are big enough show it.
TEST_P(LeavingTest, DuringASlowHandler) {
  Gate entered;
  Gate left;
  constexpr bool kKnows = KnowsClosedConnections<Request>::value;
  server_->Get("/slow", [&](const auto& request, Response& response) {
    entered.Open();
    left.Wait();
    if constexpr (KnowsClosedConnections<std::decay_t<decltype(request)>>::value) {
      while (!request.is_connection_closed()) std::this_thread::yield();
    }
    response.set_content(std::string(kKnows ? 10 : 1'000'000, 'x'), "text/plain");
  });
  server_.Start();
  RawClient client(server_.port());
  client.Get("/slow");
  entered.Wait();
  Leave(client);
  left.Open();
  EXPECT_EQ(ErrorType(ServedSpan()), "connection_lost");
}

INSTANTIATE_TEST_SUITE_P(Ways, LeavingTest, testing::Values(&RawClient::Close, &RawClient::Reset));

TEST_F(AdapterTest, AClientThatLeavesWithItsAnswerIsNoError) {
  ServeBodies(*server_);
  server_.Start();
  for (int i = 0; i < 30; ++i) {
    RawClient(server_.port()).Get("/text/10").ReadUntil("\r\n\r\nxxxxxxxxxx");
    RawClient(server_.port()).Get("/chunks").ReadUntil("\r\n0\r\n\r\n");
    RawClient(server_.port()).Get("/text/100000").ReadUntil(std::string(100'000, 'x'));
  }
  std::vector<std::string> errors;
  for (const Span& span : Servers()) errors.push_back(ErrorType(span));
  EXPECT_EQ(errors.size(), 90u);
  EXPECT_THAT(errors, Each(""));
}

TEST_F(AdapterTest, AProviderThatGivesUpIsAnErrorOfItsOwn) {
  server_->Get("/", [](const Request&, Response& response) {
    response.set_chunked_content_provider("text/plain", [](size_t offset, DataSink& sink) {
      return offset == 0 && sink.write("part", 4);
    });
  });
  server_.Start();
  EXPECT_THAT(RawClient(server_.port()).Get("/").ReadAll(), HasSubstr("part"));
  const Span server = Server();
  EXPECT_EQ(ErrorType(server), "content_provider_failed");
  EXPECT_EQ(BodySize(server), "4");
}

// httplib lets exceptions of providers end the process, unless the application's queue catches
// them.
class CatchingQueue final : public ::httplib::TaskQueue {
 public:
  auto enqueue(std::function<void()> task)
      -> decltype(std::declval<::httplib::ThreadPool&>().enqueue(std::function<void()>()))
          override {
    return pool_.enqueue([task = std::move(task)] {
      try {
        task();
      } catch (const std::exception&) {
      }
    });
  }
  void shutdown() override { pool_.shutdown(); }

 private:
  ::httplib::ThreadPool pool_{1};
};

TEST_F(AdapterTest, WhatAProviderThrowsIsRecorded) {
  server_->Get("/", [](const Request&, Response& response) {
    response.set_chunked_content_provider(
        "text/plain", [](size_t, DataSink&) -> bool { throw std::runtime_error("disk full"); });
  });
  server_->Get("/next", [this](const Request&, Response&) { MakeMark(); });
  server_->new_task_queue = [] { return new CatchingQueue; };
  server_.Start();
  RawClient client(server_.port());
  client.Get("/").ReadUntil("\r\n\r\n");
  RawClient(server_.port()).Get("/next").ReadUntil("\r\n\r\n");
  client.Close();
  const std::vector<Span> servers = Servers();
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(ErrorType(servers[0]), "std::runtime_error");
  EXPECT_EQ(EventNames(servers[0]), (std::vector<std::string>{"exception"}));
  EXPECT_EQ(ErrorType(servers[1]), "");
  ExpectWithin(Mark(), servers[1]);
}

TEST_F(AdapterTest, WithoutAnAnswerTheSpanSaysWhy) {
  server_->Get("/next", [this](const Request&, Response&) { MakeMark(); });
  server_->set_error_handler([](const Request&, Response& response) {
    response.set_content_provider("text/plain", [](size_t, DataSink&) { return true; });
    throw std::logic_error("bad");
  });
  server_->new_task_queue = [] { return new CatchingQueue; };
  server_.Start();
  RawClient client(server_.port());
  client.Get("/none");
  RawClient(server_.port()).Get("/next").ReadUntil("\r\n\r\n");
  client.Close();
  const std::vector<Span> servers = Servers();
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(ErrorType(servers[0]), "std::logic_error");
  EXPECT_EQ(StatusCode(servers[0]), "");
  ExpectWithin(Mark(), servers[1]);
}

TEST_F(AdapterTest, AStreamThatTheServersStopCutsIsAnError) {
  Gate started;
  Gate stopped;
  server_->Get("/events", [&](const Request&, Response& response) {
    response.set_chunked_content_provider("text/event-stream", [&](size_t, DataSink& sink) {
      started.Open();
      stopped.Wait();
      return sink.write("data: x\n\n", 9);
    });
  });
  server_.Start();
  RawClient client(server_.port());
  client.Get("/events");
  started.Wait();
  server_->stop();
  stopped.Open();
  WaitForStop();
  EXPECT_EQ(ErrorType(Server()), "server_stopped");
}

TEST_F(AdapterTest, AnAnswerThatIsReadyWhenTheServerStopsIsSent) {
  server_->Get("/stop", [this](const Request&, Response& response) {
    server_->stop();
    response.set_content(std::string(1'000'000, 'x'), "text/plain");
  });
  server_.Start();
  EXPECT_THAT(RawClient(server_.port()).Get("/stop").ReadAll(),
              HasSubstr(std::string(1'000'000, 'x')));
  WaitForStop();
  EXPECT_EQ(ErrorType(Server()), "");
}

TEST_F(AdapterTest, RefusedRequestsHaveSpans) {
  server_->set_error_handler([this](const Request&, Response&) { MakeMark(); });
  server_->set_expect_100_continue_handler(
      [](const Request&, Response& response) { return response.status = 403; });
  server_->new_task_queue = [] { return new ::httplib::ThreadPool(1); };
  server_.Start();
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"BREW /pot HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP 400"},
      {"nonsense\r\n\r\n", "HTTP 400"},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nConnection: close\r\n\r\n", " 414"},
      {"GET /a HTTP/1.1\r\nConnection: close\r\nRange: none\r\n\r\n", "GET 416"},
      {"POST /a HTTP/1.1\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n", "POST 403"},
      {"GET /none HTTP/1.1\r\nConnection: close\r\n\r\n", "GET 404"},
  };
  for (const auto& [request, told] : refused) {
    RawClient client(server_.port());
    client.Send(request).ReadUntil("HTTP/1.1 " + told.substr(told.size() - 3));
  }
  const std::vector<Span> servers = Servers();
  const std::vector<Span> marks = recording_.Spans(Span::SPAN_KIND_INTERNAL);
  ASSERT_EQ(servers.size(), refused.size());
  ASSERT_EQ(marks.size(), refused.size());
  for (size_t i = 0; i < servers.size(); ++i) {
    EXPECT_THAT(servers[i].name() + " " + StatusCode(servers[i]), HasSubstr(refused[i].second));
    EXPECT_EQ(servers[i].parent_span_id(), "");
    ExpectWithin(marks[i], servers[i]);
  }
  EXPECT_EQ(Attributes(servers[0])["http.request.method_original"], "BREW");
}

}  // namespace
}  // namespace spandrel::httplib_test
