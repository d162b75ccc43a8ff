// SPDX-License-Identifier: Apache-2.0
// A real Beast server and client over loopback, as coroutines and as callbacks, traced with the
// sdk; their spans as the official classes read them.
#include "spandrel/beast.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/flat_stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "instrument/testing/recording.h"
#include "opentelemetry/trace/scope.h"
#include "spandrel/sdk.h"

namespace spandrel::beast {
namespace {

namespace trace_api = opentelemetry::trace;
using boost::beast::flat_buffer;
using boost::beast::tcp_stream;
using instrument::Attributes;
using net::ip::tcp;
using opentelemetry::proto::trace::v1::Span;
using std::chrono::seconds;
using Request = http_api::request<http_api::string_body>;
using Response = http_api::response<http_api::string_body>;

Request Get(const std::string& target) {
  Request request(http_api::verb::get, target, 11);
  request.set(http_api::field::host, "shop.example.com:8080");
  return request;
}

class BeastTest : public testing::Test {
 public:
  BeastTest()
      : tracing_(MakeOptions()), acceptor_(io_, tcp::endpoint(net::ip::address_v4::loopback(), 0)) {
    context::Install();
  }

  http::Options MakeOptions() {
    http::Options options = recording_.options();
    options.body_sizes = true;
    options.captured_response_headers = {"x-answer"};
    return options;
  }
  void StartInner(const std::string& name) { recording_.tracer()->StartSpan(name)->End(); }

  // The spans of that kind.
  std::vector<Span> Exported(Span::SpanKind kind) { return recording_.Spans(kind); }
  Span OnlyOne(Span::SpanKind kind) { return recording_.OnlyOne(kind); }

  instrument::Recording recording_;
  http::Instrumentation tracing_;
  net::io_context io_;
  tcp::acceptor acceptor_;
};

// A server and client in callbacks; the answer is made and the span ended on another thread.
TEST_F(BeastTest, CallbacksOnTwoThreads) {
  struct Session : std::enable_shared_from_this<Session> {
    Session(BeastTest& test, net::thread_pool& pool, tcp::socket socket)
        : test(test), pool(pool), stream(std::move(socket)), connection(stream) {}
    void Read() {
      http_api::async_read(stream, buffer, request,
                           [self = shared_from_this()](ErrorCode error, size_t) {
                             if (!error) self->Answer();
                           });
    }
    void Answer() {
      span = std::make_shared<ServerSpan>(test.tracing_, connection, request);
      span->SetRoute("/users/{id}");
      net::post(pool, span->Traced([self = shared_from_this()] {
        self->test.StartInner("inner");
        self->response.set("x-answer", "42");
        self->response.body() = "hello";
        self->response.prepare_payload();
        self->span->SetResponse(self->response);
        http_api::async_write(self->stream, self->response,
                              [self](ErrorCode error, size_t) { self->span->End(error); });
      }));
    }
    BeastTest& test;
    net::thread_pool& pool;
    tcp_stream stream;
    Connection connection;
    flat_buffer buffer;
    Request request;
    Response response;
    std::shared_ptr<ServerSpan> span;
  };
  net::thread_pool pool(1);
  acceptor_.async_accept([&](ErrorCode, tcp::socket socket) {
    std::make_shared<Session>(*this, pool, std::move(socket))->Read();
  });
  tcp_stream stream(io_);
  stream.connect(acceptor_.local_endpoint());
  flat_buffer buffer;
  Request request = Get("/users/7?sig=secret");
  Response response;
  ErrorCode outcome = net::error::fault;
  AsyncRequest(stream, tracing_, buffer, request, response, "/users/{id}",
               [&](ErrorCode error) { outcome = error; });
  auto work = net::make_work_guard(io_);
  while (outcome == net::error::fault) io_.run_one();
  pool.join();
  work.reset();
  io_.run();
  EXPECT_FALSE(outcome) << outcome.message();
  EXPECT_EQ(response.body(), "hello");

  const Span server = OnlyOne(Span::SPAN_KIND_SERVER);
  const Span client = OnlyOne(Span::SPAN_KIND_CLIENT);
  const Span inner = OnlyOne(Span::SPAN_KIND_INTERNAL);
  EXPECT_EQ(server.parent_span_id(), client.span_id());
  EXPECT_EQ(inner.parent_span_id(), server.span_id());
  EXPECT_EQ(server.name(), "GET /users/{id}");
  EXPECT_EQ(client.name(), "GET /users/{id}");
  auto at_server = Attributes(server);
  EXPECT_EQ(at_server["url.path"], "/users/7");
  EXPECT_EQ(at_server["url.query"], "sig=REDACTED");
  EXPECT_EQ(at_server["server.address"], "shop.example.com");
  EXPECT_EQ(at_server["network.peer.address"], "127.0.0.1");
  EXPECT_EQ(at_server["network.peer.port"],
            std::to_string(stream.socket().local_endpoint().port()));
  EXPECT_EQ(at_server["http.response.status_code"], "200");
  EXPECT_EQ(at_server["http.response.body.size"], "5");
  auto at_client = Attributes(client);
  EXPECT_EQ(at_client["url.full"], "http://shop.example.com:8080/users/7?sig=REDACTED");
  EXPECT_EQ(at_client["server.port"], "8080");
  EXPECT_EQ(at_client["network.peer.port"], std::to_string(acceptor_.local_endpoint().port()));
  EXPECT_EQ(at_client["http.response.status_code"], "200");
  EXPECT_EQ(at_client["http.response.body.size"], "5");
  EXPECT_EQ(at_client["network.protocol.version"], "1.1");
}

TEST_F(BeastTest, TheUrlOfARequestWithoutHost) {
  Connection connection;
  connection.scheme = "https";
  connection.peer_address = "::1";
  connection.peer_port = 444;
  Request request(http_api::verb::options, "/x", 11);
  ClientSpan(tracing_, connection, request).End();
  EXPECT_EQ(Attributes(OnlyOne(Span::SPAN_KIND_CLIENT))["url.full"], "https://[::1]:444/x");
  EXPECT_FALSE(request["traceparent"].empty());
}

// Layers above a socket are TLS only when one of them is.
TEST_F(BeastTest, TheSchemeIsThatOfTheLayers) {
  namespace websocket = boost::beast::websocket;
  net::ssl::context tls(net::ssl::context::tls);
  tcp::socket plain(io_);
  const websocket::stream<tcp_stream> ws(io_);
  const net::ssl::stream<tcp::socket> https(io_, tls);
  const boost::beast::ssl_stream<tcp_stream> beast_https(io_, tls);
  const websocket::stream<boost::beast::ssl_stream<tcp_stream>> wss(io_, tls);
  EXPECT_EQ(Connection(plain).scheme, "http");
  EXPECT_EQ(Connection(tcp_stream(io_)).scheme, "http");
  EXPECT_EQ(Connection(ws).scheme, "http");
  EXPECT_EQ(Connection(boost::beast::flat_stream<tcp_stream>(io_)).scheme, "http");
  EXPECT_EQ(Connection(https).scheme, "https");
  EXPECT_EQ(Connection(beast_https).scheme, "https");
  EXPECT_EQ(Connection(wss).scheme, "https");
}

TEST_F(BeastTest, LinesOfOneNameAreJoined) {
  Request request = Get("/");
  request.insert("tracestate", "a=1");
  request.insert("tracestate", "b=2");
  const HeaderReader<Request> reader(request);
  EXPECT_EQ(reader.Get("TraceState"), "a=1,b=2");
  EXPECT_EQ(reader.Get("host"), "shop.example.com:8080");
  EXPECT_EQ(reader.Get("absent"), "");
}

#if defined(BOOST_ASIO_HAS_CO_AWAIT)

using net::awaitable;
using net::use_awaitable;
using opentelemetry::proto::trace::v1::Status;

class BeastCoroutineTest : public BeastTest {
 protected:
  // Serves connections until the acceptor is closed.
  awaitable<void> Accept() {
    while (acceptor_.is_open()) {
      ErrorCode error;
      tcp::socket socket =
          co_await acceptor_.async_accept(net::redirect_error(use_awaitable, error));
      if (error) co_return;
      net::co_spawn(asio::NewFlow(io_.get_executor()), Serve(std::move(socket)), net::detached);
    }
  }
  awaitable<void> Serve(tcp::socket socket) {
    tcp_stream stream(std::move(socket));
    const Connection connection(stream);
    flat_buffer buffer;
    while (true) {
      http_api::request_parser<http_api::buffer_body> parser;
      ErrorCode error;
      co_await http_api::async_read_header(stream, buffer, parser,
                                           net::redirect_error(use_awaitable, error));
      if (error) co_return;
      ServerSpan span(tracing_, connection, parser.get().base(), Activation::kThread);
      error = co_await ReadBody(stream, buffer, parser, span);
      if (!error && parser.get().target() == "/drop") co_return;
      if (!error && parser.get().target() == "/stream") co_await Stream(stream, span);
      if (!error && parser.get().target() == "/hang") error = co_await WaitForClient(stream);
      if (!error) error = co_await Answer(stream, std::string(parser.get().target()), span);
      span.End(error);
      if (error) co_return;
    }
  }
  awaitable<ErrorCode> ReadBody(tcp_stream& stream, flat_buffer& buffer,
                                http_api::request_parser<http_api::buffer_body>& parser,
                                ServerSpan& span) {
    ErrorCode error;
    std::string chunk(1'000, '\0');
    while (!parser.is_done()) {
      parser.get().body().data = chunk.data();
      parser.get().body().size = chunk.size();
      co_await http_api::async_read(stream, buffer, parser,
                                    net::redirect_error(use_awaitable, error));
      if (error == http_api::error::need_buffer) error = {};
      if (error) co_return error;
      span.AddRead(chunk.size() - parser.get().body().size);
    }
    co_return error;
  }
  awaitable<ErrorCode> WaitForClient(tcp_stream& stream) {
    hanging_ = true;
    ErrorCode error;
    char byte = 0;
    co_await stream.async_read_some(net::buffer(&byte, 1),
                                    net::redirect_error(use_awaitable, error));
    co_return error;
  }
  awaitable<ErrorCode> Answer(tcp_stream& stream, std::string target, ServerSpan& span) {
    Response response(http_api::status::ok, 11);
    span.SetRoute(target);
    try {
      co_await Handle(target);
    } catch (const std::exception& exception) {
      span.RecordException(exception);
      response.result(http_api::status::internal_server_error);
    }
    response.body() = target;
    response.prepare_payload();
    span.SetResponse(response);
    ErrorCode error;
    co_await http_api::async_write(stream, response, net::redirect_error(use_awaitable, error));
    co_return error;
  }
  // An answer without end; throws when the client has left.
  awaitable<void> Stream(tcp_stream& stream, ServerSpan& span) {
    http_api::response<http_api::empty_body> head(http_api::status::ok, 11);
    head.chunked(true);
    http_api::response_serializer<http_api::empty_body> serializer(head);
    span.SetResponse(head);
    co_await http_api::async_write_header(stream, serializer, use_awaitable);
    const std::string part(64 << 10, 'x');
    while (true) {
      co_await net::async_write(stream, http_api::make_chunk(net::buffer(part)), use_awaitable);
      span.AddWritten(part.size());
    }
  }
  awaitable<void> Handle(std::string target) {
    net::steady_timer timer(co_await net::this_coro::executor, std::chrono::microseconds(100));
    co_await timer.async_wait(use_awaitable);
    StartInner("inner " + target);
    if (target == "/fail") throw std::runtime_error("no");
  }

  // Runs a client to its end, and the server with it.
  void Run(std::function<awaitable<void>(tcp_stream&)> client, int connections = 1) {
    net::co_spawn(asio::NewFlow(io_.get_executor()), Accept(), net::detached);
    int left = connections;
    for (int i = 0; i < connections; ++i) {
      net::co_spawn(
          asio::NewFlow(io_.get_executor()),
          [&]() -> awaitable<void> {
            tcp_stream stream(co_await net::this_coro::executor);
            co_await stream.async_connect(acceptor_.local_endpoint(), use_awaitable);
            co_await client(stream);
          },
          [&](std::exception_ptr error) {
            EXPECT_FALSE(error);
            if (--left == 0) acceptor_.close();
          });
    }
    io_.run();
  }
  awaitable<ErrorCode> Send(tcp_stream& stream, Request request, Response& response) {
    flat_buffer buffer;
    response = {};
    ErrorCode error;
    co_await AsyncRequest(stream, tracing_, buffer, request, response,
                          net::redirect_error(use_awaitable, error));
    co_return error;
  }

  bool hanging_ = false;
};

// Many connections at once, several requests on each.
TEST_F(BeastCoroutineTest, KeepAliveConnectionsAtOnce) {
  constexpr int kConnections = 50;
  std::atomic<int> number{0};
  Run(
      [&](tcp_stream& stream) -> awaitable<void> {
        const auto outer = recording_.tracer()->StartSpan("outer");
        const trace_api::Scope scope(outer);
        for (int i = 0; i < 3; ++i) {
          const std::string target = "/" + std::to_string(++number);
          Response response;
          EXPECT_FALSE(co_await Send(stream, Get(target), response));
          EXPECT_EQ(response.body(), target);
        }
      },
      kConnections);
  std::map<std::string, Span> client_by_id;
  std::map<std::string, Span> server_by_name;
  std::map<std::string, Span> outer_by_id;
  for (const Span& span : Exported(Span::SPAN_KIND_CLIENT)) client_by_id[span.span_id()] = span;
  for (const Span& span : Exported(Span::SPAN_KIND_SERVER)) server_by_name[span.name()] = span;
  ASSERT_EQ(client_by_id.size(), 3u * kConnections);
  ASSERT_EQ(server_by_name.size(), 3u * kConnections);
  std::map<std::string, std::string> parents;
  for (const Span& span : Exported(Span::SPAN_KIND_INTERNAL)) {
    if (span.name() == "outer") {
      outer_by_id[span.span_id()] = span;
    } else {
      parents["GET " + span.name().substr(6)] = span.parent_span_id();
    }
  }
  ASSERT_EQ(outer_by_id.size(), static_cast<size_t>(kConnections));
  for (const auto& [name, server] : server_by_name) {
    ASSERT_TRUE(client_by_id.contains(server.parent_span_id()));
    const Span& client = client_by_id[server.parent_span_id()];
    EXPECT_EQ("GET " + Attributes(client)["url.full"].substr(28), name);
    EXPECT_TRUE(outer_by_id.contains(client.parent_span_id()));
    EXPECT_EQ(parents[name], server.span_id());
  }
}

TEST_F(BeastCoroutineTest, HandlersThatThrowAnswer500) {
  Run([&](tcp_stream& stream) -> awaitable<void> {
    Response response;
    EXPECT_FALSE(co_await Send(stream, Get("/fail"), response));
    EXPECT_EQ(response.result_int(), 500u);
  });
  const Span server = OnlyOne(Span::SPAN_KIND_SERVER);
  EXPECT_EQ(server.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(server)["error.type"], "std::runtime_error");
  ASSERT_EQ(server.events_size(), 1);
  EXPECT_EQ(server.events(0).name(), "exception");
  EXPECT_EQ(Attributes(OnlyOne(Span::SPAN_KIND_CLIENT))["error.type"], "500");
}

TEST_F(BeastCoroutineTest, StreamedUploads) {
  Run([&](tcp_stream& stream) -> awaitable<void> {
    Request request = Get("/upload");
    request.method(http_api::verb::put);
    request.body() = std::string(123'456, 'x');
    request.prepare_payload();
    Response response;
    EXPECT_FALSE(co_await Send(stream, request, response));
  });
  EXPECT_EQ(Attributes(OnlyOne(Span::SPAN_KIND_SERVER))["http.request.body.size"], "123456");
  EXPECT_EQ(Attributes(OnlyOne(Span::SPAN_KIND_CLIENT))["http.request.body.size"], "123456");
}

TEST_F(BeastCoroutineTest, AServerThatDropsTheConnection) {
  Run([&](tcp_stream& stream) -> awaitable<void> {
    Response response;
    EXPECT_EQ(co_await Send(stream, Get("/drop"), response), http_api::error::end_of_stream);
  });
  const Span client = OnlyOne(Span::SPAN_KIND_CLIENT);
  EXPECT_EQ(client.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(client)["error.type"], "connection_lost");
}

// The exception of the write leaves the coroutine, and the span with it.
TEST_F(BeastCoroutineTest, AClientThatLeavesAStreamedAnswer) {
  Run([&](tcp_stream& stream) -> awaitable<void> {
    const Request request = Get("/stream");
    co_await http_api::async_write(stream, request, use_awaitable);
    std::string some(100'000, '\0');
    co_await net::async_read(stream, net::buffer(some), use_awaitable);
    stream.socket().set_option(net::socket_base::linger(true, 0));  // reset
    stream.socket().close();
  });
  const Span server = OnlyOne(Span::SPAN_KIND_SERVER);
  EXPECT_EQ(server.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(server)["error.type"], "_OTHER");
  EXPECT_EQ(Attributes(server)["http.response.status_code"], "200");
}

TEST_F(BeastCoroutineTest, AClientThatTimesOut) {
  Run([&](tcp_stream& stream) -> awaitable<void> {
    stream.expires_after(std::chrono::milliseconds(20));
    Response response;
    EXPECT_EQ(co_await Send(stream, Get("/hang"), response), boost::beast::error::timeout);
  });
  EXPECT_EQ(Attributes(OnlyOne(Span::SPAN_KIND_CLIENT))["error.type"], "timeout");
  const Span server = OnlyOne(Span::SPAN_KIND_SERVER);
  EXPECT_EQ(server.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(server)["error.type"], "connection_lost");
}

TEST_F(BeastCoroutineTest, AClientThatCancelsIsNoError) {
  Run([&](tcp_stream& stream) -> awaitable<void> {
    net::co_spawn(
        asio::NewFlow(io_.get_executor()),
        [&]() -> awaitable<void> {
          net::steady_timer timer(io_);
          while (!hanging_) {
            timer.expires_after(std::chrono::milliseconds(1));
            co_await timer.async_wait(use_awaitable);
          }
          stream.cancel();
        },
        net::detached);
    Response response;
    EXPECT_EQ(co_await Send(stream, Get("/hang"), response), net::error::operation_aborted);
  });
  const Span client = OnlyOne(Span::SPAN_KIND_CLIENT);
  EXPECT_EQ(client.status().code(), Status::STATUS_CODE_UNSET);
  EXPECT_FALSE(Attributes(client).contains("error.type"));
}

#endif  // BOOST_ASIO_HAS_CO_AWAIT

}  // namespace
}  // namespace spandrel::beast
