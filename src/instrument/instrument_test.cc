// SPDX-License-Identifier: Apache-2.0
// A real cpp-httplib server and a real libcurl client, traced with the sdk; their spans as the
// official classes read them.
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "instrument/testing/recording.h"
#include "opentelemetry/trace/provider.h"
#include "opentelemetry/trace/scope.h"
#include "spandrel/curl.h"
#include "spandrel/httplib.h"
#include "spandrel/sdk.h"

namespace spandrel {
namespace {

namespace trace_api = opentelemetry::trace;
using instrument::Attributes;
using opentelemetry::proto::trace::v1::Span;
using opentelemetry::proto::trace::v1::Status;
using std::chrono::seconds;

size_t Append(char* bytes, size_t, size_t size, void* text) {
  static_cast<std::string*>(text)->append(bytes, size);
  return size;
}

struct Got {
  CURLcode code = CURLE_OK;
  std::string body;
};

class InstrumentTest : public testing::Test {
 protected:
  InstrumentTest() : options_(recording_.options()) {
    server_.set_tracing_options(options_);
    server_.set_keep_alive_max_count(1);
  }
  ~InstrumentTest() override { StopServer(); }

  void StartServer() {
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  void StopServer() {
    if (!thread_.joinable()) return;
    server_.stop();
    thread_.join();
  }
  std::string Url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }

  Got Fetch(const std::string& url, const std::function<void(CURL*)>& prepare = nullptr,
            curl_slist* headers = nullptr) {
    Got got;
    CURL* const curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &got.body);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20'000L);
    if (prepare) prepare(curl);
    got.code = curl::Perform(curl, headers, options_);
    curl_easy_cleanup(curl);
    return got;
  }

  // The spans of that kind, when the server has done all its work.
  std::vector<Span> Exported(Span::SpanKind kind) {
    StopServer();
    return recording_.Spans(kind);
  }
  Span OnlyOne(Span::SpanKind kind) {
    StopServer();
    return recording_.OnlyOne(kind);
  }

  instrument::Recording recording_;
  http::Options options_;
  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
};

TEST_F(InstrumentTest, ClientAndServerJoinInOneTrace) {
  server_.Get(R"(/users/(\d+))",
              [this](const ::httplib::Request& request, ::httplib::Response& response) {
                recording_.tracer()->StartSpan("inner")->End();
                response.set_content(request.matches[1].str(), "text/plain");
              });
  StartServer();
  const Got got = Fetch(Url("/users/42?verbose=1&sig=secret"),
                        [](CURL* curl) { curl_easy_setopt(curl, CURLOPT_USERAGENT, "tester/1"); });
  EXPECT_EQ(got.body, "42");

  const Span server = OnlyOne(Span::SPAN_KIND_SERVER);
  const Span client = OnlyOne(Span::SPAN_KIND_CLIENT);
  const Span inner = OnlyOne(Span::SPAN_KIND_INTERNAL);
  EXPECT_EQ(server.parent_span_id(), client.span_id());
  EXPECT_EQ(server.trace_id(), client.trace_id());
  EXPECT_EQ(inner.parent_span_id(), server.span_id());
  EXPECT_EQ(client.parent_span_id(), "");

  EXPECT_EQ(server.name(), R"(GET /users/(\d+))");
  EXPECT_EQ(server.status().code(), Status::STATUS_CODE_UNSET);
  std::map<std::string, std::string> expected = {
      {"http.request.method", "GET"},          {"http.response.status_code", "200"},
      {"http.route", R"(/users/(\d+))"},       {"url.path", "/users/42"},
      {"url.query", "verbose=1&sig=REDACTED"}, {"url.scheme", "http"},
      {"server.address", "127.0.0.1"},         {"server.port", std::to_string(port_)},
      {"client.address", "127.0.0.1"},         {"network.peer.address", "127.0.0.1"},
      {"network.protocol.version", "1.1"},     {"user_agent.original", "tester/1"}};
  std::map<std::string, std::string> attributes = Attributes(server);
  EXPECT_NE(attributes["network.peer.port"], "");
  attributes.erase("network.peer.port");
  EXPECT_EQ(attributes, expected);

  EXPECT_EQ(client.name(), "GET");
  expected = {{"http.request.method", "GET"},
              {"http.response.status_code", "200"},
              {"url.full", Url("/users/42?verbose=1&sig=REDACTED")},
              {"server.address", "127.0.0.1"},
              {"server.port", std::to_string(port_)},
              {"network.peer.address", "127.0.0.1"},
              {"network.peer.port", std::to_string(port_)},
              {"network.protocol.version", "1.1"}};
  EXPECT_EQ(Attributes(client), expected);
  ASSERT_GE(client.events_size(), 2);
  EXPECT_EQ(client.events(client.events_size() - 1).name(), "first byte received");
}

TEST_F(InstrumentTest, ClientSpansAreChildrenOfTheCurrentSpan) {
  server_.Get("/", [](const ::httplib::Request&, ::httplib::Response&) {});
  StartServer();
  const auto parent = recording_.tracer()->StartSpan("parent");
  {
    trace_api::Scope scope(parent);
    Fetch(Url("/"));
  }
  parent->End();
  EXPECT_EQ(OnlyOne(Span::SPAN_KIND_CLIENT).parent_span_id(),
            OnlyOne(Span::SPAN_KIND_INTERNAL).span_id());
}

TEST_F(InstrumentTest, UnmatchedPathsHaveNoRoute) {
  StartServer();
  Fetch(Url("/nowhere"));
  const Span server = OnlyOne(Span::SPAN_KIND_SERVER);
  EXPECT_EQ(server.name(), "GET");
  EXPECT_EQ(Attributes(server)["http.response.status_code"], "404");
  EXPECT_EQ(Attributes(server).count("http.route"), 0u);
  EXPECT_EQ(server.status().code(), Status::STATUS_CODE_UNSET);
  const Span client = OnlyOne(Span::SPAN_KIND_CLIENT);
  EXPECT_EQ(client.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(client)["error.type"], "404");
}

TEST_F(InstrumentTest, ServerErrorsAreErrorsOnBothSides) {
  server_.Get(
      "/", [](const ::httplib::Request&, ::httplib::Response& response) { response.status = 503; });
  StartServer();
  Fetch(Url("/"));
  for (const auto kind : {Span::SPAN_KIND_SERVER, Span::SPAN_KIND_CLIENT}) {
    const Span span = OnlyOne(kind);
    EXPECT_EQ(span.status().code(), Status::STATUS_CODE_ERROR);
    EXPECT_EQ(Attributes(span)["error.type"], "503");
  }
}

TEST_F(InstrumentTest, ExceptionsOfHandlersAreRecorded) {
  server_.Post("/", [](const ::httplib::Request&, ::httplib::Response&) {
    throw std::runtime_error("out of stock");
  });
  StartServer();
  Fetch(Url("/"), [](CURL* curl) { curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "x"); });
  const Span server = OnlyOne(Span::SPAN_KIND_SERVER);
  EXPECT_EQ(server.name(), "POST /");
  EXPECT_EQ(server.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(server)["http.response.status_code"], "500");
  EXPECT_EQ(Attributes(server)["error.type"], "std::runtime_error");
  ASSERT_EQ(server.events_size(), 1);
  EXPECT_EQ(server.events(0).name(), "exception");
  EXPECT_EQ(server.events(0).attributes(1).value().string_value(), "out of stock");
  EXPECT_EQ(OnlyOne(Span::SPAN_KIND_CLIENT).name(), "POST");
}

TEST_F(InstrumentTest, RedirectsAreCounted) {
  server_.Get("/old", [](const ::httplib::Request&, ::httplib::Response& response) {
    response.set_redirect("/new");
  });
  server_.Get("/new", [](const ::httplib::Request&, ::httplib::Response& response) {
    response.set_content("here", "text/plain");
  });
  StartServer();
  const Got got =
      Fetch(Url("/old"), [](CURL* curl) { curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L); });
  EXPECT_EQ(got.body, "here");
  const Span client = OnlyOne(Span::SPAN_KIND_CLIENT);
  EXPECT_EQ(Attributes(client)["http.request.resend_count"], "1");
  EXPECT_EQ(Attributes(client)["url.full"], Url("/old"));
  const std::vector<Span> servers = Exported(Span::SPAN_KIND_SERVER);
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].parent_span_id(), client.span_id());
  EXPECT_EQ(servers[1].parent_span_id(), client.span_id());
}

TEST_F(InstrumentTest, TheCallersHeadersAreSentAndKept) {
  std::vector<std::string> seen;
  server_.Get("/", [&seen](const ::httplib::Request& request, ::httplib::Response&) {
    seen.push_back(request.get_header_value("X-Mine"));
    EXPECT_EQ(request.get_header_value_count("traceparent"), seen.size() == 1 ? 1u : 0u);
  });
  StartServer();
  curl_slist* const mine = curl_slist_append(nullptr, "X-Mine: yes");
  CURL* const curl = curl_easy_init();
  const std::string url = Url("/");
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  EXPECT_EQ(curl::Perform(curl, mine, options_), CURLE_OK);
  EXPECT_EQ(curl_easy_perform(curl), CURLE_OK);
  curl_easy_cleanup(curl);
  curl_slist_free_all(mine);
  StopServer();
  EXPECT_EQ(seen, (std::vector<std::string>{"yes", "yes"}));
}

TEST_F(InstrumentTest, AFailedConnectionIsAnError) {
  StartServer();
  StopServer();
  EXPECT_EQ(Fetch(Url("/")).code, CURLE_COULDNT_CONNECT);
  const Span client = OnlyOne(Span::SPAN_KIND_CLIENT);
  EXPECT_EQ(client.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(client)["error.type"], "connection_failed");
}

TEST_F(InstrumentTest, ProxiesTellAboutTheClient) {
  server_.Get("/", [](const ::httplib::Request&, ::httplib::Response&) {});
  StartServer();
  curl_slist* headers = curl_slist_append(nullptr, "X-Forwarded-For: 2001:db8::7, 10.0.0.1");
  headers = curl_slist_append(headers, "X-Forwarded-Proto: https");
  headers = curl_slist_append(headers, "X-Forwarded-Host: shop.example");
  Fetch(Url("/"), nullptr, headers);
  curl_slist_free_all(headers);
  std::map<std::string, std::string> attributes = Attributes(OnlyOne(Span::SPAN_KIND_SERVER));
  EXPECT_EQ(attributes["client.address"], "2001:db8::7");
  EXPECT_EQ(attributes["network.peer.address"], "127.0.0.1");
  EXPECT_EQ(attributes["url.scheme"], "https");
  EXPECT_EQ(attributes["server.address"], "shop.example");
  EXPECT_EQ(attributes["server.port"], "443");
}

TEST_F(InstrumentTest, TheUsersOwnHooksStillRun) {
  std::string calls;
  server_.set_pre_routing_handler([&calls](const ::httplib::Request&, ::httplib::Response&) {
    calls += "pre ";
    return ::httplib::Server::HandlerResponse::Unhandled;
  });
  server_.set_logger(
      [&calls](const ::httplib::Request&, const ::httplib::Response&) { calls += "log"; });
  server_.Get("/", [](const ::httplib::Request&, ::httplib::Response&) {});
  StartServer();
  Fetch(Url("/"));
  EXPECT_EQ(OnlyOne(Span::SPAN_KIND_SERVER).name(), "GET /");
  EXPECT_EQ(calls, "pre log");
}

TEST_F(InstrumentTest, UnknownMethodsAreHttp) {
  StartServer();
  Fetch(Url("/"), [](CURL* curl) { curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "BREW"); });
  const Span client = OnlyOne(Span::SPAN_KIND_CLIENT);
  EXPECT_EQ(client.name(), "HTTP");
  EXPECT_EQ(Attributes(client)["http.request.method"], "_OTHER");
  EXPECT_EQ(Attributes(client)["http.request.method_original"], "BREW");
}

}  // namespace
}  // namespace spandrel
