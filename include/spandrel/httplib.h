// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "spandrel/http.h"

// cpp-httplib servers whose requests are traced. One line changes:
//
//   httplib::Server server;             ->  spandrel::httplib::Server server;
//   httplib::SSLServer server(a, b);    ->  spandrel::httplib::SSLServer server(a, b);
//
// The pattern a handler is registered with becomes http.route. Header-only, so that it is compiled
// with the macros that your httplib is compiled with.
namespace spandrel::httplib {

// Request headers for propagators; lines of the same name are joined.
class RequestCarrier final : public http::Carrier {
 public:
  explicit RequestCarrier(const ::httplib::Headers& headers) : headers_(headers) {}

  opentelemetry::nostd::string_view Get(
      opentelemetry::nostd::string_view key) const noexcept override {
    const auto [first, end] = headers_.equal_range(std::string(key.data(), key.size()));
    if (first == end) return "";
    if (std::next(first) == end) return first->second;
    joined_ = first->second;
    for (auto line = std::next(first); line != end; ++line) joined_ += "," + line->second;
    return joined_;
  }
  void Set(opentelemetry::nostd::string_view, opentelemetry::nostd::string_view) noexcept override {
  }

 private:
  const ::httplib::Headers& headers_;
  mutable std::string joined_;  // until the next Get
};

// The span of the request that this thread serves: httplib runs all steps of a request on one
// thread.
inline std::optional<http::ServerSpan>& SpanOfThisThread() {
  static thread_local std::optional<http::ServerSpan> span;
  return span;
}

template <typename Base>
class Traced : public Base {
 public:
  using Handler = ::httplib::Server::Handler;
  using HandlerWithContentReader = ::httplib::Server::HandlerWithContentReader;
  using HandlerWithResponse = ::httplib::Server::HandlerWithResponse;
  using Request = ::httplib::Request;
  using Response = ::httplib::Response;

  // Takes what the server itself takes.
  template <typename... Args>
  explicit Traced(Args&&... args) : Base(std::forward<Args>(args)...) {
    set_pre_routing_handler(HandlerWithResponse());
    set_logger(::httplib::Logger());
  }

  // Before the server listens.
  void set_tracing_options(http::Options options) { options_ = std::move(options); }

  Traced& Get(const std::string& pattern, Handler handler) {
    Base::Get(pattern, Wrap(pattern, std::move(handler)));
    return *this;
  }
  Traced& Post(const std::string& pattern, Handler handler) {
    Base::Post(pattern, Wrap(pattern, std::move(handler)));
    return *this;
  }
  Traced& Post(const std::string& pattern, HandlerWithContentReader handler) {
    Base::Post(pattern, Wrap(pattern, std::move(handler)));
    return *this;
  }
  Traced& Put(const std::string& pattern, Handler handler) {
    Base::Put(pattern, Wrap(pattern, std::move(handler)));
    return *this;
  }
  Traced& Put(const std::string& pattern, HandlerWithContentReader handler) {
    Base::Put(pattern, Wrap(pattern, std::move(handler)));
    return *this;
  }
  Traced& Patch(const std::string& pattern, Handler handler) {
    Base::Patch(pattern, Wrap(pattern, std::move(handler)));
    return *this;
  }
  Traced& Patch(const std::string& pattern, HandlerWithContentReader handler) {
    Base::Patch(pattern, Wrap(pattern, std::move(handler)));
    return *this;
  }
  Traced& Delete(const std::string& pattern, Handler handler) {
    Base::Delete(pattern, Wrap(pattern, std::move(handler)));
    return *this;
  }
  Traced& Delete(const std::string& pattern, HandlerWithContentReader handler) {
    Base::Delete(pattern, Wrap(pattern, std::move(handler)));
    return *this;
  }
  Traced& Options(const std::string& pattern, Handler handler) {
    Base::Options(pattern, Wrap(pattern, std::move(handler)));
    return *this;
  }

  // As in httplib; the span begins before the one and ends after the other.
  Traced& set_pre_routing_handler(HandlerWithResponse handler) {
    Base::set_pre_routing_handler(
        [this, handler = std::move(handler)](const Request& request, Response& response) {
          StartSpan(request);
          return handler ? handler(request, response) : Base::HandlerResponse::Unhandled;
        });
    return *this;
  }
  Traced& set_logger(::httplib::Logger logger) {
    Base::set_logger(
        [logger = std::move(logger)](const Request& request, const Response& response) {
          if (logger) logger(request, response);
          EndSpan(response);
        });
    return *this;
  }

 private:
  void StartSpan(const Request& request) const {
    http::ServerRequest described;
    described.method = request.method;
    described.target = request.target;
    described.scheme = IsTls(request) ? "https" : "http";
    described.peer_address = request.remote_addr;
    described.peer_port = request.remote_port;
    constexpr std::string_view kHttp = "HTTP/";
    if (request.version.rfind(kHttp, 0) == 0) {
      described.protocol_version = std::string_view(request.version).substr(kHttp.size());
    }
    SpanOfThisThread().reset();
    SpanOfThisThread().emplace(options_, described, RequestCarrier(request.headers));
  }

  static void EndSpan(const Response& response) {
    std::optional<http::ServerSpan>& span = SpanOfThisThread();
    if (!span) return;
    span->SetStatusCode(response.status);
    span.reset();
  }

  static bool IsTls([[maybe_unused]] const Request& request) {
#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
    return request.ssl != nullptr;
#else
    return false;
#endif
  }

  static Handler Wrap(const std::string& route, Handler handler) {
    return [route, handler = std::move(handler)](const Request& request, Response& response) {
      Run(route, [&] { handler(request, response); });
    };
  }
  static HandlerWithContentReader Wrap(const std::string& route, HandlerWithContentReader handler) {
    return [route, handler = std::move(handler)](const Request& request, Response& response,
                                                 const ::httplib::ContentReader& reader) {
      Run(route, [&] { handler(request, response, reader); });
    };
  }

  template <typename Call>
  static void Run(const std::string& route, Call call) {
    std::optional<http::ServerSpan>& span = SpanOfThisThread();
    if (!span) return call();
    span->SetRoute(route);
    try {
      call();
    } catch (const std::exception& exception) {
      span->RecordException(exception);
      throw;
    } catch (...) {
      span->RecordException("unknown", "");
      throw;
    }
  }

  http::Options options_;
};

using Server = Traced<::httplib::Server>;
#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
using SSLServer = Traced<::httplib::SSLServer>;
#endif

}  // namespace spandrel::httplib
