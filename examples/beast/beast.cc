// SPDX-License-Identifier: Apache-2.0
// A Boost.Beast server and a client that asks it three questions, both coroutines.
#include "spandrel/beast.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/string_body.hpp>
#include <iostream>
#include <string>

#include "opentelemetry/trace/provider.h"
#include "opentelemetry/trace/scope.h"
#include "spandrel/sdk.h"

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::beast::flat_buffer;
using boost::beast::tcp_stream;
using net::ip::tcp;

const auto& kTracing = spandrel::http::Instrumentation::Default();

net::awaitable<void> Serve(tcp::socket socket) {
  tcp_stream stream(std::move(socket));
  const spandrel::beast::Connection connection(stream);
  flat_buffer buffer;
  boost::system::error_code error;
  while (!error) {
    http::request<http::string_body> request;
    co_await http::async_read(stream, buffer, request,
                              net::redirect_error(net::use_awaitable, error));
    if (error) break;
    spandrel::beast::ServerSpan span(kTracing, connection, request,
                                     spandrel::beast::Activation::kThread);
    span.SetRoute("/questions/{number}");
    http::response<http::string_body> response(http::status::ok, request.version());
    response.body() = "42\n";
    response.prepare_payload();
    span.SetResponse(response);
    co_await http::async_write(stream, response, net::redirect_error(net::use_awaitable, error));
    span.End(error);
  }
}

net::awaitable<void> Accept(tcp::acceptor& acceptor) {
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(net::use_awaitable);
    net::co_spawn(spandrel::asio::NewFlow(co_await net::this_coro::executor),
                  Serve(std::move(socket)), net::detached);
  }
}

net::awaitable<void> Ask(tcp::acceptor& acceptor) {
  const auto tracer = opentelemetry::trace::Provider::GetTracerProvider()->GetTracer("example");
  const opentelemetry::trace::Scope scope(tracer->StartSpan("three questions"));
  tcp_stream stream(co_await net::this_coro::executor);
  co_await stream.async_connect(acceptor.local_endpoint(), net::use_awaitable);
  flat_buffer buffer;
  for (int i = 1; i <= 3; ++i) {
    http::request<http::string_body> request(http::verb::get, "/questions/" + std::to_string(i),
                                             11);
    http::response<http::string_body> response;
    co_await spandrel::beast::AsyncRequest(stream, kTracing, buffer, request, response,
                                           net::use_awaitable);
    std::cout << response.body();
  }
}

int main() {
  auto tracing = spandrel::sdk::Init("beast-example");
  net::io_context io;
  tcp::acceptor acceptor(io, {net::ip::address_v4::loopback(), 0});
  net::co_spawn(spandrel::asio::NewFlow(io.get_executor()), Accept(acceptor), net::detached);
  net::co_spawn(spandrel::asio::NewFlow(io.get_executor()), Ask(acceptor),
                [&io](std::exception_ptr) { io.stop(); });
  io.run();
}
