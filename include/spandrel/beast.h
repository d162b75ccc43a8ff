// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "spandrel/asio.h"
#include "spandrel/http.h"

// Boost.Beast (1.74 and newer) servers and clients whose requests are traced:
//
//   co_await async_read(stream, buffer, request, use_awaitable);
//   spandrel::beast::ServerSpan span(tracing, connection, request, Activation::kThread);
//   span.SetRoute("/users/{id}");
//   ...
//   span.SetResponse(response);
//   co_await async_write(stream, response, use_awaitable);
//
//   co_await spandrel::beast::AsyncRequest(stream, tracing, buffer, request, response,
//                                          use_awaitable);
//
// Inside a flow (spandrel/asio.h) a server span with Activation::kThread is the current span of its
// coroutine. Without one, leave it out and wrap the handlers: span.Traced(handler).
namespace spandrel::beast {

namespace net = ::boost::asio;
namespace http_api = ::boost::beast::http;
using ErrorCode = ::boost::beast::error_code;
using http::Activation;

namespace detail {

inline std::string_view View(::boost::beast::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view ProtocolVersion(unsigned version) {
  return version == 10 ? "1.0" : "1.1";
}

template <typename Stream, typename = void>
struct HasSocket : std::false_type {};
template <typename Stream>
struct HasSocket<Stream, std::void_t<decltype(std::declval<const Stream&>().socket())>>
    : std::true_type {};

// Whether TLS is among a stream's layers: an ssl::stream or a Beast ssl_stream, also below a
// WebSocket. What names its kinds of handshake is one.
template <typename Stream, typename = void>
struct IsTlsLayer : std::false_type {};
template <typename Stream>
struct IsTlsLayer<Stream, std::void_t<typename Stream::handshake_type>> : std::true_type {};

template <typename Stream, typename = void>
struct HasTls : IsTlsLayer<Stream> {};
template <typename Stream>
struct HasTls<Stream, std::void_t<typename Stream::next_layer_type>>
    : std::bool_constant<IsTlsLayer<Stream>::value ||
                         HasTls<std::decay_t<typename Stream::next_layer_type>>::value> {};

template <typename Lowest>
auto RemoteEndpoint(const Lowest& lowest, ErrorCode& error) {
  if constexpr (HasSocket<Lowest>::value) {
    return lowest.socket().remote_endpoint(error);
  } else {
    return lowest.remote_endpoint(error);
  }
}

}  // namespace detail

// error.type of what a socket or a parser says; empty for success.
inline std::string ErrorType(const ErrorCode& error) {
  if (!error) return {};
  if (error == net::error::operation_aborted) return "cancelled";
  if (error == ::boost::beast::error::timeout || error == net::error::timed_out) return "timeout";
  if (error == net::error::host_not_found || error == net::error::host_not_found_try_again) {
    return "name_not_resolved";
  }
  const bool lost = error == net::error::connection_reset || error == net::error::broken_pipe ||
                    error == net::error::connection_aborted || error == net::error::eof ||
                    error == http_api::error::end_of_stream ||
                    error == http_api::error::partial_message;
  if (lost) return "connection_lost";
  const bool failed = error == net::error::connection_refused ||
                      error == net::error::host_unreachable ||
                      error == net::error::network_unreachable;
  if (failed) return "connection_failed";
  return std::string(error.category().name()) + "_" + std::to_string(error.value());
}

// What the spans of all requests of one connection say about it: worked out once. The stream must
// be connected. Set `scheme` to "https" when the TLS of a stream is not Asio's or Beast's.
struct Connection {
  Connection() = default;
  template <typename Stream>
  explicit Connection(const Stream& stream) {
    if (detail::HasTls<Stream>::value) scheme = "https";
    ErrorCode error;
    const auto endpoint = detail::RemoteEndpoint(::boost::beast::get_lowest_layer(stream), error);
    if (error) return;
    peer_address = endpoint.address().to_string();
    peer_port = endpoint.port();
  }

  std::string peer_address;
  int peer_port = 0;
  std::string_view scheme = "http";
};

// Headers for propagators and spans; lines of one name are joined. One thread at a time.
template <typename Fields>
class HeaderReader final : public http::Carrier {
 public:
  explicit HeaderReader(const Fields& fields) : fields_(fields) {}

  opentelemetry::nostd::string_view Get(
      opentelemetry::nostd::string_view key) const noexcept override {
    const auto [first, end] = fields_.equal_range({key.data(), key.size()});
    if (first == end) return "";
    if (std::next(first) == end) return {first->value().data(), first->value().size()};
    std::string& joined = joined_.emplace_front(detail::View(first->value()));
    for (auto line = std::next(first); line != end; ++line) {
      joined.append(",").append(detail::View(line->value()));
    }
    return joined;
  }
  void Set(opentelemetry::nostd::string_view, opentelemetry::nostd::string_view) noexcept override {
  }

 private:
  const Fields& fields_;
  mutable std::forward_list<std::string> joined_;
};

// Writes traceparent, tracestate and baggage into a message.
template <typename Fields>
auto MakeHeaderWriter(Fields& fields) {
  return http::HeaderWriter([&fields](std::string_view name, std::string_view value) {
    fields.set(::boost::beast::string_view(name.data(), name.size()),
               ::boost::beast::string_view(value.data(), value.size()));
  });
}

// The span of a request that a Beast server answers. One thread at a time, any thread unless it is
// activated outside of a flow. Keep it until the answer is written; it may live in a shared_ptr of
// a chain of callbacks.
class ServerSpan : public http::ServerSpan {
 public:
  // `request` may be a whole one or, for bodies that are streamed, the header alone.
  template <typename Fields>
  ServerSpan(const http::Instrumentation& instrumentation, const Connection& connection,
             const http_api::header<true, Fields>& request,
             Activation activation = Activation::kNone)
      : http::ServerSpan(instrumentation, Describe(connection, request),
                         HeaderReader<http_api::header<true, Fields>>(request), activation) {}

  // Before the answer is written. Add what is written of a streamed body by AddWritten.
  template <typename Body, typename Fields>
  void SetResponse(const http_api::response<Body, Fields>& response) {
    SetStatusCode(static_cast<int>(response.result_int()));
    SetResponseHeaders(HeaderReader<http_api::response<Body, Fields>>(response));
    if (const auto size = response.payload_size()) AddWritten(*size);
  }

  using http::ServerSpan::End;
  // When the answer could not be written, or the rest of the request not be read.
  void End(const ErrorCode& error) {
    if (error) SetError(ErrorType(error), error.message());
    End();
  }

  // A handler that runs with this request's span as the current one.
  template <typename Handler>
  TracedFunction<std::decay_t<Handler>> Traced(Handler&& handler) const {
    return TracedFunction<std::decay_t<Handler>>(context(), std::forward<Handler>(handler));
  }

 private:
  template <typename Fields>
  static http::ServerRequest Describe(const Connection& connection,
                                      const http_api::header<true, Fields>& request) {
    http::ServerRequest described;
    described.method = detail::View(request.method_string());
    described.target = detail::View(request.target());
    described.scheme = connection.scheme;
    described.protocol_version = detail::ProtocolVersion(request.version());
    described.peer_address = connection.peer_address;
    described.peer_port = connection.peer_port;
    return described;
  }
};

// The span of a request that a Beast client sends, for applications that write and read in steps of
// their own; AsyncRequest does it all. A child of the current span. One thread at a time.
class ClientSpan : public http::ClientSpan {
 public:
  // Puts traceparent and its kin into the request.
  template <typename Fields>
  ClientSpan(const http::Instrumentation& instrumentation, const Connection& connection,
             http_api::header<true, Fields>& request, std::string_view url_template = {},
             int resend_count = 0)
      : ClientSpan(instrumentation, connection, request, Url(connection, request), url_template,
                   resend_count) {}

  template <typename Fields>
  void SetResponse(const http_api::header<false, Fields>& response) {
    SetStatusCode(static_cast<int>(response.result_int()));
    SetProtocolVersion(detail::ProtocolVersion(response.version()));
    SetResponseHeaders(HeaderReader<http_api::header<false, Fields>>(response));
  }

  using http::ClientSpan::End;
  // With the error that kept the answer from coming. A caller that cancels is no error.
  void End(const ErrorCode& error) {
    if (error == net::error::operation_aborted) {
      SetCancelled();
    } else if (error) {
      SetError(ErrorType(error), error.message());
    }
    End();
  }

 private:
  template <typename Fields>
  ClientSpan(const http::Instrumentation& instrumentation, const Connection& connection,
             http_api::header<true, Fields>& request, const std::string& url,
             std::string_view url_template, int resend_count)
      : http::ClientSpan(instrumentation,
                         {detail::View(request.method_string()), url, url_template, resend_count}) {
    SetPeer(connection.peer_address, connection.peer_port);
    auto writer = MakeHeaderWriter(request);
    Inject(writer);
    SetRequestHeaders(HeaderReader<http_api::header<true, Fields>>(request));
  }

  template <typename Fields>
  static std::string Url(const Connection& connection,
                         const http_api::header<true, Fields>& request) {
    const std::string_view target = detail::View(request.target());
    if (target.empty() || target.front() != '/') return std::string(target);
    std::string url(connection.scheme);
    url.append("://");
    const std::string_view host = detail::View(request[http_api::field::host]);
    if (!host.empty()) return url.append(host).append(target);
    const bool ipv6 = connection.peer_address.find(':') != std::string::npos;
    url.append(ipv6 ? "[" + connection.peer_address + "]" : connection.peer_address);
    return url.append(":").append(std::to_string(connection.peer_port)).append(target);
  }
};

namespace detail {

// Write, read, and the span around both.
template <typename Stream, typename Buffer, typename Request, typename Response>
class RequestOperation {
 public:
  RequestOperation(Stream& stream, const http::Instrumentation& instrumentation, Buffer& buffer,
                   Request& request, Response& response, std::string_view url_template)
      : stream_(stream),
        buffer_(buffer),
        request_(request),
        response_(response),
        span_(std::make_unique<ClientSpan>(instrumentation, Connection(stream), request,
                                           url_template)) {}

  template <typename Self>
  void operator()(Self& self, ErrorCode error = {}, size_t = 0) {
    if (step_ == Step::kWrite) {
      step_ = Step::kRead;
      if (const auto size = request_.payload_size()) span_->AddWritten(*size);
      return http_api::async_write(stream_, request_, std::move(self));
    }
    if (step_ == Step::kRead && !error) {
      step_ = Step::kDone;
      return http_api::async_read(stream_, buffer_, response_, std::move(self));
    }
    if (!error) {
      span_->SetResponse(response_.base());
      if (const auto size = response_.payload_size()) span_->AddRead(*size);
    }
    span_->End(error);
    span_.reset();
    self.complete(error);
  }

 private:
  enum class Step { kWrite, kRead, kDone };

  Stream& stream_;
  Buffer& buffer_;
  Request& request_;
  Response& response_;
  std::unique_ptr<ClientSpan> span_;
  Step step_ = Step::kWrite;
};

}  // namespace detail

// Sends the request and reads the whole answer; completes with an ErrorCode. For any completion
// token: a callback, use_awaitable, use_future. All that is given stays alive until then.
// `url_template` ("/users/{id}") becomes part of the span's name.
template <typename Stream, typename Buffer, typename Request, typename Response, typename Token>
auto AsyncRequest(Stream& stream, const http::Instrumentation& instrumentation, Buffer& buffer,
                  Request& request, Response& response, std::string_view url_template,
                  Token&& token) {
  return net::async_compose<Token, void(ErrorCode)>(
      detail::RequestOperation<Stream, Buffer, Request, Response>(stream, instrumentation, buffer,
                                                                  request, response, url_template),
      token, stream);
}
template <typename Stream, typename Buffer, typename Request, typename Response, typename Token>
auto AsyncRequest(Stream& stream, const http::Instrumentation& instrumentation, Buffer& buffer,
                  Request& request, Response& response, Token&& token) {
  return AsyncRequest(stream, instrumentation, buffer, request, response, std::string_view(),
                      std::forward<Token>(token));
}

}  // namespace spandrel::beast
