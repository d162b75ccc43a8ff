// SPDX-License-Identifier: Apache-2.0
// A service under test: Boost.Beast in and out, in coroutines. tests/w3c/README.md says what it
// must do.
#include "spandrel/beast.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/string_body.hpp>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "calls.h"

namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::beast::flat_buffer;
using boost::beast::tcp_stream;
using net::ip::tcp;

const auto& kTracing = spandrel::http::Instrumentation::Default();

// Makes the call within the current context.
net::awaitable<void> Post(const Call& call) {
  tcp_stream stream(co_await net::this_coro::executor);
  co_await stream.async_connect({net::ip::address_v4::loopback(), call.port}, net::use_awaitable);
  http::request<http::string_body> request(http::verb::post, call.path, 11);
  request.set(http::field::host, "127.0.0.1:" + std::to_string(call.port));
  request.body() = call.body;
  request.prepare_payload();
  flat_buffer buffer;
  http::response<http::string_body> response;
  co_await spandrel::beast::AsyncRequest(stream, kTracing, buffer, request, response,
                                         net::use_awaitable);
}

// One request a connection, as the harness sends them.
net::awaitable<void> Serve(tcp::socket socket) {
  tcp_stream stream(std::move(socket));
  flat_buffer buffer;
  http::request_parser<http::string_body> parser;
  parser.header_limit(1 << 20);
  co_await http::async_read(stream, buffer, parser, net::use_awaitable);
  const http::request<http::string_body> request = parser.release();
  spandrel::beast::ServerSpan span(kTracing, spandrel::beast::Connection(stream), request,
                                   spandrel::beast::Activation::kThread);
  http::response<http::string_body> response(http::status::ok, request.version());
  try {
    const std::vector<Call> calls = ReadCalls(request.body());
    for (const Call& call : calls) co_await Post(call);
  } catch (const std::exception& error) {
    span.RecordException(error);
    response.result(http::status::bad_request);
  }
  response.prepare_payload();
  span.SetResponse(response);
  co_await http::async_write(stream, response, net::use_awaitable);
}

net::awaitable<void> Accept(tcp::acceptor& acceptor) {
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(net::use_awaitable);
    net::co_spawn(spandrel::asio::NewFlow(co_await net::this_coro::executor),
                  Serve(std::move(socket)), net::detached);
  }
}

}  // namespace

int main() {
  auto tracing = StartTracing("w3c-beast-service");
  net::io_context io;
  tcp::acceptor acceptor(io, {net::ip::address_v4::loopback(), 0});
  net::co_spawn(spandrel::asio::NewFlow(io.get_executor()), Accept(acceptor), net::detached);
  PrintUrl(acceptor.local_endpoint().port());
  io.run();
}
