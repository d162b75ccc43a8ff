// SPDX-License-Identifier: Apache-2.0
// A service under test: Boost.Beast in and out, in coroutines. tests/w3c/README.md says what it
// must do.
#include "spandrel/beast.h"

#include <simdjson.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "spandrel/sdk.h"

namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::beast::flat_buffer;
using boost::beast::tcp_stream;
using net::ip::tcp;

const auto& kTracing = spandrel::http::Instrumentation::Default();
constexpr std::string_view kBase = "http://127.0.0.1:";

// Makes the call within the current context. The harness's URLs are all of kBase.
net::awaitable<void> Post(std::string_view url, std::string body) {
  if (!url.starts_with(kBase)) throw std::invalid_argument("not a URL of the harness");
  const std::string_view rest = url.substr(kBase.size());
  const std::string_view path = rest.substr(rest.find('/'));
  const auto port = static_cast<uint16_t>(std::stoi(std::string(rest)));
  tcp_stream stream(co_await net::this_coro::executor);
  co_await stream.async_connect({net::ip::address_v4::loopback(), port}, net::use_awaitable);
  http::request<http::string_body> request(http::verb::post, {path.data(), path.size()}, 11);
  request.set(http::field::host, "127.0.0.1:" + std::to_string(port));
  request.body() = std::move(body);
  request.prepare_payload();
  flat_buffer buffer;
  http::response<http::string_body> response;
  co_await spandrel::beast::AsyncRequest(stream, kTracing, buffer, request, response,
                                         net::use_awaitable);
}

net::awaitable<void> CallAll(const std::string& body) {
  simdjson::dom::parser parser;
  const simdjson::dom::array calls = parser.parse(body);
  for (const simdjson::dom::element call : calls) {
    co_await Post(call["url"], simdjson::minify(call["arguments"]));
  }
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
    co_await CallAll(request.body());
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
  spandrel::sdk::Options options = spandrel::sdk::OptionsFromEnvironment("w3c-beast-service");
  options.shutdown_timeout = spandrel::sdk::Milliseconds(0);
  auto tracing = spandrel::sdk::Init(options);
  net::io_context io;
  tcp::acceptor acceptor(io, {net::ip::address_v4::loopback(), 0});
  net::co_spawn(spandrel::asio::NewFlow(io.get_executor()), Accept(acceptor), net::detached);
  std::printf("http://127.0.0.1:%d/\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  io.run();
}
