// SPDX-License-Identifier: Apache-2.0
// A traced cpp-httplib client against a traced cpp-httplib server, over loopback.
#include "spandrel/httplib.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "instrument/testing/httplib_server.h"
#include "instrument/testing/recording.h"
#include "opentelemetry/trace/scope.h"
#include "spandrel/httplib_client.h"

namespace spandrel::instrument {
namespace {

using ::httplib::DataSink;
using ::httplib::Headers;
using ::httplib::Request;
using ::httplib::Response;

class HttplibTest : public testing::Test {
 protected:
  httplib::Client Connect() {
    httplib::Client client("127.0.0.1", server_.port());
    client.set_tracing_options(options_);
    return client;
  }
  std::vector<Span> Servers() {
    server_.Stop();
    return recording_.Spans(Span::SPAN_KIND_SERVER);
  }
  Span Server() {
    server_.Stop();
    return recording_.OnlyOne(Span::SPAN_KIND_SERVER);
  }
  Span Client() { return recording_.OnlyOne(Span::SPAN_KIND_CLIENT); }

  Recording recording_;
  http::Options options_ = recording_.options();
  TestServer server_{options_};
};

TEST_F(HttplibTest, ClientAndServerJoin) {
  server_->Get("/users/(.*)", [](const Request& request, Response& response) {
    response.set_content(request.matches[1].str(), "text/plain");
  });
  server_.Start();
  {
    const auto parent = recording_.tracer()->StartSpan("parent");
    const opentelemetry::trace::Scope scope(parent);
    EXPECT_EQ(Connect().Get("/users/7?sig=1")->body, "7");
  }
  const Span server = Server();
  const Span client = Client();
  EXPECT_EQ(server.parent_span_id(), client.span_id());
  EXPECT_EQ(client.parent_span_id(), recording_.OnlyOne(Span::SPAN_KIND_INTERNAL).span_id());
  std::map<std::string, std::string> expected = {{"http.request.method", "GET"},
                                                 {"http.response.status_code", "200"},
                                                 {"url.full", server_.Url("/users/7?sig=REDACTED")},
                                                 {"server.address", "127.0.0.1"},
                                                 {"server.port", std::to_string(server_.port())},
                                                 {"network.protocol.version", "1.1"}};
  EXPECT_EQ(Attributes(client), expected);
  EXPECT_EQ(client.name(), "GET");
  EXPECT_EQ(server.name(), "GET /users/(.*)");
}

TEST_F(HttplibTest, EveryMethodIsTracedWithTheCallersHeaders) {
  const auto answer = [](const Request& request, Response& response) {
    EXPECT_EQ(request.get_header_value_count("traceparent"), 1u);
    response.set_content(request.get_header_value("X-Mine"), "text/plain");
  };
  (*server_).Get("/", answer).Post("/", answer).Put("/", answer).Patch("/", answer);
  (*server_).Delete("/", answer).Options("/", answer);
  server_.Start();
  httplib::Client client = Connect();
  const Headers mine = {{"X-Mine", "yes"}, {"traceparent", "stale"}};
  EXPECT_EQ(client.Get("/", mine)->body, "yes");
  EXPECT_EQ(client.Get("/", {{"X-Mine", "brace"}})->body, "brace");
  EXPECT_EQ(client.Get("/", {{"a", "b"}}, mine)->body, "yes");
  EXPECT_EQ(client.Head("/", mine)->status, 200);
  EXPECT_EQ(client.Options("/", mine)->status, 200);
  EXPECT_EQ(client.Post("/", mine, "body", "text/plain")->body, "yes");
  EXPECT_EQ(client.Post("/", "body", "text/plain")->body, "");
  EXPECT_EQ(client.Post("/")->status, 200);
  EXPECT_EQ(client.Put("/")->status, 200);
  EXPECT_EQ(client.Put("/", std::string("body"), "text/plain")->status, 200);
  EXPECT_EQ(client.Patch("/", mine, "body", "text/plain")->body, "yes");
  EXPECT_EQ(client.Delete("/", mine)->body, "yes");
  Request request;
  request.method = "GET";
  request.path = "/";
  request.headers = mine;
  EXPECT_EQ(client.send(request)->body, "yes");

  std::vector<std::string> names;
  for (const Span& span : Servers()) names.push_back(span.name());
  const std::vector<std::string> expected = {"GET /",   "GET /",    "GET /",  "HEAD /", "OPTIONS /",
                                             "POST /",  "POST /",   "POST /", "PUT /",  "PUT /",
                                             "PATCH /", "DELETE /", "GET /"};
  EXPECT_EQ(names, expected);
  EXPECT_EQ(recording_.Spans(Span::SPAN_KIND_CLIENT).size(), expected.size());
}

TEST_F(HttplibTest, RequestsOfOneConnectionHaveTheirOwnSpans) {
  server_->Get("/", [](const Request&, Response&) {});
  server_.Start();
  {
    httplib::Client client = Connect();
    client.set_keep_alive(true);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.Get("/"));
  }
  const std::vector<Span> servers = Servers();
  const std::vector<Span> clients = recording_.Spans(Span::SPAN_KIND_CLIENT);
  ASSERT_EQ(servers.size(), 3u);
  ASSERT_EQ(clients.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(servers[i].parent_span_id(), clients[i].span_id());
    EXPECT_EQ(Attributes(servers[i])["network.peer.port"],
              Attributes(servers[0])["network.peer.port"]);
  }
  EXPECT_NE(servers[0].trace_id(), servers[1].trace_id());
}

TEST_F(HttplibTest, RedirectsAreEventsOfOneSpan) {
  server_->Get("/a", [](const Request&, Response& r) { r.set_redirect("/b?sig=1"); });
  server_->Get("/b", [](const Request&, Response& r) { r.set_redirect("/c"); });
  server_->Get("/c", [](const Request&, Response& r) { r.set_content("c", "text/plain"); });
  server_.Start();
  {
    httplib::Client client = Connect();
    client.set_follow_location(true);
    EXPECT_EQ(client.Get("/a")->body, "c");
  }
  EXPECT_EQ(Servers().size(), 3u);
  const Span client = Client();
  EXPECT_EQ(Attributes(client)["http.request.resend_count"], "2");
  EXPECT_EQ(Attributes(client)["url.full"], server_.Url("/a"));
  ASSERT_EQ(EventNames(client), (std::vector<std::string>{"redirect", "redirect"}));
  const std::map<std::string, std::string> expected = {{"http.request.resend_count", "1"},
                                                       {"http.response.status_code", "302"},
                                                       {"url.full", "/b?sig=REDACTED"}};
  EXPECT_EQ(ToMap(client.events(0).attributes()), expected);
}

TEST_F(HttplibTest, TooManyRedirectsAreAnError) {
  server_->Get("/a", [](const Request&, Response& response) { response.set_redirect("/a"); });
  server_.Start();
  {
    httplib::Client client = Connect();
    client.set_follow_location(true);
    EXPECT_FALSE(client.Get("/a"));
  }
  EXPECT_EQ(Attributes(Client())["error.type"], "too_many_redirects");
}

TEST_F(HttplibTest, AnswersFrom400AreErrorsOfTheClient) {
  server_.Start();
  EXPECT_EQ(Connect().Get("/nowhere")->status, 404);
  EXPECT_EQ(Client().status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(Client())["error.type"], "404");
  const Span server = Server();
  EXPECT_EQ(server.status().code(), Status::STATUS_CODE_UNSET);
  EXPECT_EQ(server.name(), "GET");
}

TEST_F(HttplibTest, AFailedConnectionIsAnError) {
  server_.Start();
  server_.Stop();
  EXPECT_FALSE(Connect().Get("/"));
  EXPECT_EQ(Client().status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(Client())["error.type"], "connection_failed");
}

TEST_F(HttplibTest, ACancelledDownloadIsNoError) {
  server_->Get("/", [](const Request&, Response& response) {
    response.set_content(std::string(100'000, 'x'), "text/plain");
  });
  server_.Start();
  EXPECT_FALSE(Connect().Get("/", [](const char*, size_t) { return false; }));
  const Span client = Client();
  EXPECT_EQ(client.status().code(), Status::STATUS_CODE_UNSET);
  EXPECT_EQ(EventNames(client), (std::vector<std::string>{"cancelled"}));
}

TEST_F(HttplibTest, BodiesThatStreamAreCounted) {
  options_.body_sizes = true;
  options_.read_events = true;
  server_->set_tracing_options(options_);
  server_->Post("/up", [](const Request&, Response& response, const auto& reader) {
    size_t size = 0;
    reader([&size](const char*, size_t n) {
      size += n;
      return true;
    });
    response.set_content(std::to_string(size), "text/plain");
  });
  server_.Start();
  const auto provider = [](size_t offset, DataSink& sink) {
    const std::string part(10'000, 'x');
    offset < 50'000 ? (void)sink.write(part.data(), part.size()) : sink.done();
    return true;
  };
  EXPECT_EQ(Connect().Post("/up", provider, "text/plain")->body, "50000");
  const Span server = Server();
  EXPECT_EQ(Attributes(server)["http.request.body.size"], "50000");
  EXPECT_EQ(Attributes(server)["http.response.body.size"], "5");
  EXPECT_EQ(server.events(0).name(), "read");
  EXPECT_EQ(Attributes(Client())["http.response.body.size"], "5");
}

TEST_F(HttplibTest, AnswersThatStreamEndTheSpanAfterTheirLastByte) {
  server_->Get("/", [this](const Request&, Response& response) {
    response.set_chunked_content_provider("text/plain", [this](size_t, DataSink& sink) {
      recording_.tracer()->StartSpan("part")->End();
      sink.write("abc", 3);
      sink.done();
      return true;
    });
  });
  server_.Start();
  EXPECT_EQ(Connect().Get("/")->body, "abc");
  const Span server = Server();
  const Span part = recording_.OnlyOne(Span::SPAN_KIND_INTERNAL);
  EXPECT_EQ(part.parent_span_id(), server.span_id());
  EXPECT_GE(server.end_time_unix_nano(), part.end_time_unix_nano());
}

TEST_F(HttplibTest, HeadAnswersHaveNoBody) {
  options_.body_sizes = true;
  server_->set_tracing_options(options_);
  server_->Get("/", [](const Request&, Response& r) { r.set_content("body", "text/plain"); });
  server_.Start();
  EXPECT_EQ(Connect().Head("/")->status, 200);
  const Span server = Server();
  EXPECT_EQ(server.name(), "HEAD /");
  EXPECT_EQ(Attributes(server)["http.response.body.size"], "0");
}

TEST_F(HttplibTest, WhateverAHandlerThrowsHasItsType) {
  server_->Get("/", [](const Request&, Response&) { throw std::vector<int>(); });
  server_->set_exception_handler(
      [](const Request&, Response& response, const auto&) { response.status = 503; });
  server_.Start();
  EXPECT_EQ(Connect().Get("/")->status, 503);
  const Span server = Server();
  EXPECT_EQ(Attributes(server)["error.type"], "std::vector<int, std::allocator<int> >");
  ASSERT_EQ(server.events_size(), 1);
  EXPECT_EQ(ToMap(server.events(0).attributes())["exception.type"],
            "std::vector<int, std::allocator<int> >");
}

TEST_F(HttplibTest, WhatAClientsCallbackThrowsIsRecorded) {
  server_->Get("/", [](const Request&, Response& r) { r.set_content("body", "text/plain"); });
  server_.Start();
  EXPECT_THROW((void)Connect().Get(
                   "/", [](const char*, size_t) -> bool { throw std::runtime_error("disk full"); }),
               std::runtime_error);
  EXPECT_EQ(Attributes(Client())["error.type"], "std::runtime_error");
}

}  // namespace
}  // namespace spandrel::instrument
