// SPDX-License-Identifier: Apache-2.0
// When spans of answers end, and that the answers and the application's callbacks stay as they are.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>

#include "adapter_fixture.h"

namespace spandrel::httplib_test {
namespace {

// How a handler makes its answer stream two parts, the second one when the client has the first.
using Streaming = void (*)(Response&, std::function<bool(size_t, DataSink&)>);

class StreamingTest : public AdapterTest, public testing::WithParamInterface<Streaming> {};

TEST_P(StreamingTest, TheSpanEndsAfterTheLastByte) {
  Gate first_arrived;
  bool released = false;
  server_->Get("/events", [&](const Request&, Response& response) {
    GetParam()(response, [&](size_t offset, DataSink& sink) {
      if (offset == 0) return sink.write("first", 5);
      first_arrived.Wait();
      EXPECT_TRUE(sink.write("last!", 5));
      MakeMark();
      if (sink.done) sink.done();
      return true;
    });
    auto own = std::move(response.content_provider_resource_releaser_);
    response.content_provider_resource_releaser_ = [&, own](bool success) {
      EXPECT_TRUE(success);
      EXPECT_FALSE(std::exchange(released, true));
      if (own) own(success);
    };
  });
  server_.Start();
  RawClient client(server_.port());
  client.Send("GET /events HTTP/1.1\r\nConnection: close\r\n\r\n").ReadUntil("first");
  first_arrived.Open();
  EXPECT_THAT(client.ReadAll(), HasSubstr("last!"));
  const Span server = Server();
  ExpectWithin(Mark(), server);
  EXPECT_TRUE(released);
  EXPECT_EQ(server.name(), "GET /events");
  EXPECT_EQ(StatusCode(server), "200");
  EXPECT_EQ(ErrorType(server), "");
  EXPECT_EQ(BodySize(server), "10");
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, StreamingTest,
    testing::Values(
        [](Response& response, std::function<bool(size_t, DataSink&)> provider) {
          response.set_chunked_content_provider("text/event-stream", std::move(provider));
        },
        [](Response& response, std::function<bool(size_t, DataSink&)> provider) {
          response.set_content_provider("text/event-stream", std::move(provider));
        },
        [](Response& response, std::function<bool(size_t, DataSink&)> provider) {
          response.set_content_provider(
              10, "text/plain",
              [provider = std::move(provider)](size_t offset, size_t, DataSink& sink) {
                return provider(offset, sink);
              });
        }));

TEST_F(AdapterTest, FilesAreAnswersLikeOthers) {
  const std::string folder = testing::TempDir() + "httplib_adapter_" + std::to_string(getpid());
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  const std::string file = folder + "/a.txt";
  std::ofstream(file) << std::string(300'000, 'x');
  server_->set_mount_point("/files", folder);
  server_.Start();
  EXPECT_THAT(RawClient(server_.port())
                  .Send("GET /files/a.txt HTTP/1.1\r\nConnection: close\r\n\r\n")
                  .ReadAll(),
              HasSubstr(std::string(300'000, 'x')));
  RawClient(server_.port())
      .Send("GET /files/a.txt HTTP/1.1\r\nRange: bytes=10-19\r\nConnection: close\r\n\r\n")
      .ReadAll();
  std::remove(file.c_str());
  rmdir(folder.c_str());
  const std::vector<Span> servers = Servers();
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(BodySize(servers[0]), "300000");
  EXPECT_EQ(StatusCode(servers[1]), "206");
  EXPECT_EQ(BodySize(servers[1]), "10");
  EXPECT_EQ(ErrorType(servers[0]) + ErrorType(servers[1]), "");
}

TEST_F(AdapterTest, HeadCallsNoProviderAndIsNoError) {
  server_->Get("/", [](const Request&, Response& response) {
    response.set_content_provider("text/plain", [](size_t, DataSink&) { return false; });
  });
  server_.Start();
  RawClient(server_.port()).Send("HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n").ReadAll();
  const Span server = Server();
  EXPECT_EQ(ErrorType(server), "");
  EXPECT_EQ(BodySize(server), "0");
}

TEST_F(AdapterTest, RequestsOfOneConnectionHaveTheirOwnSpans) {
  server_->Get("/stream", [](const Request&, Response& response) {
    response.set_chunked_content_provider("text/plain", [](size_t, DataSink& sink) {
      sink.write("end", 3);
      sink.done();
      return true;
    });
  });
  server_->Get("/text", [](const Request&, Response& r) { r.set_content("end", "text/plain"); });
  server_.Start();
  {
    ::httplib::Client client("127.0.0.1", server_.port());
    client.set_keep_alive(true);
    for (const char* path : {"/stream", "/text", "/stream", "/none"}) EXPECT_TRUE(client.Get(path));
  }
  std::vector<std::string> told;
  for (const Span& span : Servers()) {
    EXPECT_EQ(span.parent_span_id(), "");
    told.push_back(span.name() + " " + StatusCode(span) + ErrorType(span));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"GET /stream 200", "GET /text 200", "GET /stream 200",
                                            "GET 404"}));
}

// A server of httplib itself.
class PlainServer {
 public:
  ::httplib::Server* operator->() { return &server_; }
  ::httplib::Server& operator*() { return server_; }
  void Start() {
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~PlainServer() {
    server_.stop();
    thread_.join();
  }
  int port() const { return port_; }

 private:
  ::httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
};

TEST_F(AdapterTest, TheBytesOnTheWireAreThoseOfHttplib) {
  PlainServer plain;
  ServeBodies(*plain);
  plain.Start();
  ServeBodies(*server_);
  server_.Start();
  const std::string close = " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";
  for (const std::string& request : {
           "GET /text/10" + close + "\r\n",
           "GET /text/1000000" + close + "\r\n",
           "GET /text/1000000" + close + "Accept-Encoding: gzip\r\n\r\n",
           "GET /text/1000000" + close + "Range: bytes=5-700000\r\n\r\n",
           "HEAD /text/1000000" + close + "\r\n",
           "POST /echo" + close + "Content-Length: 80000\r\n\r\n" + std::string(80'000, 'p'),
           "GET /chunks" + close + "\r\n",
           "GET /chunks" + close + "Accept-Encoding: gzip\r\n\r\n",
           "GET /both" + close + "\r\n",
           "GET /throws" + close + "\r\n",
           "GET /none" + close + "\r\n",
       }) {
    const std::string expected = RawClient(plain.port()).Send(request).ReadAll();
    EXPECT_THAT(expected, HasSubstr("HTTP/1.1 "));
    const std::string got = RawClient(server_.port()).Send(request).ReadAll();
    EXPECT_TRUE(got == expected) << request.substr(0, 200);
  }
  std::string errors;
  for (const Span& span : Servers()) errors += ErrorType(span) + " ";
  EXPECT_EQ(errors, "         std::runtime_error  ");
}

// Some versions serve clients that have closed their sending side.
TEST_F(AdapterTest, HalfClosedClientsGetWhatHttplibGivesThem) {
  if (!KnowsClosedConnections<Request>::value) GTEST_SKIP() << "this httplib does not tell";
  const auto answer = [](const auto& request, Response& response) {
    if constexpr (KnowsClosedConnections<std::decay_t<decltype(request)>>::value) {
      while (!request.is_connection_closed()) std::this_thread::yield();
    }
    response.set_content(std::string(1'000'000, 'x'), "text/plain");
  };
  PlainServer plain;
  plain->Get("/", answer);
  plain.Start();
  server_->Get("/", answer);
  server_.Start();
  const std::string expected = RawClient(plain.port()).Get("/").CloseSending().ReadAll();
  EXPECT_TRUE(RawClient(server_.port()).Get("/").CloseSending().ReadAll() == expected);
}

TEST_F(AdapterTest, LoggerAndPostRoutingSeeTheBody) {
  std::vector<size_t> sizes;
  server_->Get("/", [](const Request&, Response& response) {
    response.set_content(std::string(1'000'000, 'x'), "text/plain");
  });
  server_->set_post_routing_handler([&](const Request&, Response& response) {
    sizes.push_back(response.body.size());
    response.set_header("X-Post", "yes");
    MakeMark();
  });
  server_->set_logger(
      [&](const Request&, const Response& response) { sizes.push_back(response.body.size()); });
  server_.Start();
  EXPECT_THAT(
      RawClient(server_.port()).Send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").ReadAll(),
      HasSubstr("X-Post: yes"));
  const Span server = Server();
  ExpectWithin(Mark(), server);
  EXPECT_EQ(BodySize(server), "1000000");
  EXPECT_EQ(sizes, (std::vector<size_t>{1'000'000, 1'000'000}));
}

// Setters of httplib's return a httplib::Server&, and so a chain of them may pass by the adapter.
TEST_F(AdapterTest, AReplacedHookLeavesTheSpanItsStatus) {
  ServeBodies(*server_);
  server_->set_tcp_nodelay(true).set_post_routing_handler([](const Request&, Response&) {});
  server_.Start();
  RawClient(server_.port()).Get("/text/10").ReadUntil("\r\n\r\nxxxxxxxxxx");
  const Span server = Server();
  EXPECT_EQ(StatusCode(server), "200");
  EXPECT_EQ(ErrorType(server), "");
}

TEST_F(AdapterTest, CopiesOfAnAnswerEndNoSpan) {
  std::vector<Response> kept;
  server_->Get("/", [&](const Request&, Response& response) {
    { const Response copy = response; }
    kept.clear();
    MakeMark();
    response.set_chunked_content_provider("text/plain", [&](size_t, DataSink& sink) {
      MakeMark();
      sink.done();
      return true;
    });
  });
  server_->set_logger([&](const Request&, const Response& response) { kept.push_back(response); });
  server_->new_task_queue = [] { return new ::httplib::ThreadPool(1); };
  server_.Start();
  for (int i = 0; i < 3; ++i) {
    RawClient(server_.port()).Send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").ReadAll();
  }
  const std::vector<Span> servers = Servers();
  const std::vector<Span> marks = recording_.Spans(Span::SPAN_KIND_INTERNAL);
  ASSERT_EQ(servers.size(), 3u);
  ASSERT_EQ(marks.size(), 6u);
  for (size_t i = 0; i < marks.size(); ++i) ExpectWithin(marks[i], servers[i / 2]);
}

TEST_F(AdapterTest, UploadsOfEveryMethodAreCounted) {
  const auto upload = [](const Request&, Response& response, const auto& reader) {
    size_t size = 0;
    reader([&size](const char*, size_t n) {
      size += n;
      return true;
    });
    response.set_content(std::to_string(size), "text/plain");
  };
  (*server_).Post("/up", upload).Put("/up", upload).Patch("/up", upload).Delete("/up", upload);
  server_.Start();
  const std::vector<std::string> methods = {"POST", "PUT", "PATCH", "DELETE"};
  for (const std::string& method : methods) {
    RawClient client(server_.port());
    client.Send(method + " /up HTTP/1.1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nabcde");
    EXPECT_THAT(client.ReadAll(), HasSubstr("\r\n\r\n5"));
  }
  const std::vector<Span> servers = Servers();
  ASSERT_EQ(servers.size(), methods.size());
  for (size_t i = 0; i < methods.size(); ++i) {
    EXPECT_EQ(servers[i].name(), methods[i] + " /up");
    EXPECT_EQ(Attributes(servers[i])["http.request.body.size"], "5");
  }
}

// Upgrades and other things that old versions do not have.
template <typename AnyServer, typename = void>
struct HasWebSockets : std::false_type {};
template <typename AnyServer>
struct HasWebSockets<AnyServer, std::void_t<typename AnyServer::WebSocketHandler>>
    : std::true_type {};
constexpr bool kHasWebSockets = HasWebSockets<::httplib::Server>::value;

constexpr char kUpgrade[] =
    "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

template <typename AnyServer, typename Handler>
void ServeWebSocket(AnyServer& server, Handler handler) {
  if constexpr (kHasWebSockets) server.WebSocket("/ws", std::move(handler));
}

TEST_F(AdapterTest, AnUpgradeEndsWithThe101) {
  if constexpr (!kHasWebSockets) GTEST_SKIP() << "this httplib has no WebSockets";
  ServeWebSocket(*server_, [this](const Request&, auto& socket) {
    EXPECT_EQ(recording_.Spans(Span::SPAN_KIND_SERVER).size(), 1u);
    std::string message;
    while (socket.read(message)) {
      MakeMark();
      socket.send("echo " + message);
    }
  });
  server_->Get("/next", [](const Request&, Response&) {});
  server_->new_task_queue = [] { return new ::httplib::ThreadPool(1); };
  server_.Start();
  {
    RawClient client(server_.port());
    client.Send(kUpgrade).ReadUntil("\r\n\r\n");
    // "hi" as a text frame, masked with zeros, and a close frame.
    client.Send(std::string("\x81\x82\0\0\0\0hi", 8)).ReadUntil("echo hi");
    client.Send(std::string("\x88\x80\0\0\0\0", 6)).ReadAll();
  }
  RawClient(server_.port()).Get("/next").ReadUntil("\r\n\r\n");
  const std::vector<Span> servers = Servers();
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].name(), "GET /ws");
  EXPECT_EQ(StatusCode(servers[0]), "101");
  EXPECT_EQ(ErrorType(servers[0]), "");
  EXPECT_EQ(Mark().parent_span_id(), servers[0].span_id());
  EXPECT_GE(Mark().start_time_unix_nano(), servers[0].end_time_unix_nano());
  EXPECT_EQ(servers[1].parent_span_id(), "");
  EXPECT_NE(servers[1].trace_id(), servers[0].trace_id());
}

TEST_F(AdapterTest, UpgradesThatAreRefusedHaveOneSpan) {
  server_->set_pre_routing_handler([](const Request& request, Response& response) {
    if (!request.has_header("X-Refuse")) return ::httplib::Server::HandlerResponse::Unhandled;
    response.status = 401;
    return ::httplib::Server::HandlerResponse::Handled;
  });
  server_.Start();
  RawClient(server_.port()).Send(kUpgrade).ReadUntil("HTTP/1.1 404");
  std::string refused = kUpgrade;
  refused.insert(refused.find("Host:"), "X-Refuse: yes\r\n");
  RawClient(server_.port()).Send(refused).ReadUntil("HTTP/1.1 401");
  const std::vector<Span> servers = Servers();
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(StatusCode(servers[0]), "404");
  EXPECT_EQ(StatusCode(servers[1]), "401");
}

template <typename AnyServer, typename = void>
struct HasPreRequest : std::false_type {};
template <typename AnyServer>
struct HasPreRequest<AnyServer, std::void_t<decltype(&AnyServer::set_pre_request_handler)>>
    : std::true_type {};

template <typename AnyServer>
void RefuseBeforeRequests(AnyServer& server) {
  if constexpr (HasPreRequest<::httplib::Server>::value) {
    server.set_pre_request_handler([](const Request& request, Response& response) {
      if (request.has_header("X-Throw")) throw std::out_of_range("no");
      response.status = 403;
      return ::httplib::Server::HandlerResponse::Handled;
    });
  }
}

TEST_F(AdapterTest, RequestsRefusedBeforeTheirHandlerHaveARoute) {
  if (!HasPreRequest<::httplib::Server>::value) GTEST_SKIP() << "this httplib has no such handler";
  RefuseBeforeRequests(*server_);
  server_->Get("/users/:id", [](const Request&, Response&) {});
  server_.Start();
  RawClient(server_.port()).Get("/users/7").ReadUntil("HTTP/1.1 403");
  RawClient(server_.port())
      .Send("GET /users/7 HTTP/1.1\r\nX-Throw: yes\r\n\r\n")
      .ReadUntil("HTTP/1.1 500");
  const std::vector<Span> servers = Servers();
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].name(), "GET /users/:id");
  EXPECT_EQ(servers[1].name(), "GET /users/:id");
  EXPECT_EQ(ErrorType(servers[1]), "std::out_of_range");
}

template <typename AnyClient, typename = void>
struct HasStreams : std::false_type {};
template <typename AnyClient>
struct HasStreams<AnyClient, std::void_t<decltype(&AnyClient::open_stream)>> : std::true_type {};

template <typename AnyClient>
std::string ReadStream(AnyClient& client, const std::string& path) {
  std::string body;
  if constexpr (HasStreams<::httplib::Client>::value) {
    auto stream = client.open_stream("GET", path);
    char part[100];
    for (ssize_t n; (n = stream.read(part, sizeof(part))) > 0;) body.append(part, n);
  }
  return body;
}

TEST_F(AdapterTest, StreamsOfClientsAreTraced) {
  if (!HasStreams<::httplib::Client>::value) GTEST_SKIP() << "this httplib has no such client";
  ServeBodies(*server_);
  server_.Start();
  httplib::Client client("127.0.0.1", server_.port());
  client.set_tracing_options(options_);
  EXPECT_EQ(ReadStream(client, "/text/500"), std::string(500, 'x'));
  const Span server = Server();
  const Span sent = recording_.OnlyOne(Span::SPAN_KIND_CLIENT);
  EXPECT_EQ(server.parent_span_id(), sent.span_id());
  EXPECT_EQ(StatusCode(sent), "200");
  EXPECT_EQ(Attributes(sent)["url.full"], server_.Url("/text/500"));
}

}  // namespace
}  // namespace spandrel::httplib_test
