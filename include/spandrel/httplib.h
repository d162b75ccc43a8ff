// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <optional>
#include <string>
#include <utility>

#include "spandrel/http.h"
#include "spandrel/httplib_client.h"
#include "spandrel/httplib_headers.h"

// cpp-httplib servers whose requests are traced. One line changes:
//
//   httplib::Server server;             ->  spandrel::httplib::Server server;
//   httplib::SSLServer server(a, b);    ->  spandrel::httplib::SSLServer server(a, b);
//
// The pattern a handler is registered with becomes http.route. Clients are in
// spandrel/httplib_client.h. Header-only, so that it is compiled with the macros that your httplib
// is compiled with.
namespace spandrel::httplib {

// The span of the request that this thread serves: httplib runs all steps of a request on one
// thread.
inline std::optional<http::ServerSpan>& SpanOfThisThread() {
  static thread_local std::optional<http::ServerSpan> span;
  return span;
}

// A server in place of `Base`. Its threads and limits are those of `Base`.
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
  void set_tracing_options(http::Options options) {
    tracing_ = http::Instrumentation(std::move(options));
  }
  void set_tracing(http::Instrumentation tracing) { tracing_ = std::move(tracing); }

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
          EndSpan(request, response);
        });
    return *this;
  }

 private:
  void StartSpan(const Request& request) const {
    http::ServerRequest described;
    described.method = request.method;
    described.target = request.target;
    described.scheme = IsTls(request, 0) ? "https" : "http";
    described.peer_address = request.remote_addr;
    described.peer_port = request.remote_port;
    described.protocol_version = VersionOf(request.version);
    SpanOfThisThread().reset();
    SpanOfThisThread().emplace(tracing_, described, HeaderCarrier(request.headers));
  }

  static void EndSpan(const Request& request, const Response& response) {
    std::optional<http::ServerSpan>& span = SpanOfThisThread();
    if (!span) return;
    span->SetStatusCode(response.status);
    span->SetResponseHeaders(HeaderCarrier(response.headers));
    if (!request.body.empty()) span->AddRead(request.body.size());
    const std::optional<uint64_t> size = BodySize(response.headers, response.body);
    if (size) span->AddWritten(request.method == "HEAD" ? 0 : *size);
    span.reset();
  }

  // Requests have `ssl` only when httplib is built with TLS.
  template <typename AnyRequest>
  static auto IsTls(const AnyRequest& request, int) -> decltype(request.ssl != nullptr) {
    return request.ssl != nullptr;
  }
  template <typename AnyRequest>
  static bool IsTls(const AnyRequest&, long) {
    return false;
  }

  static Handler Wrap(const std::string& route, Handler handler) {
    return [route, handler = std::move(handler)](const Request& request, Response& response) {
      Run(route, [&] { handler(request, response); });
    };
  }
  static HandlerWithContentReader Wrap(const std::string& route, HandlerWithContentReader handler) {
    return [route, handler = std::move(handler)](const Request& request, Response& response,
                                                 const ::httplib::ContentReader& reader) {
      Run(route, [&] { handler(request, response, Counted(reader)); });
    };
  }

  // A reader whose bytes are told to the span.
  static ::httplib::ContentReader Counted(const ::httplib::ContentReader& reader) {
    const auto count = [](::httplib::ContentReceiver receiver) {
      return [receiver = std::move(receiver)](const char* data, size_t size) {
        if (SpanOfThisThread()) SpanOfThisThread()->AddRead(size);
        return receiver(data, size);
      };
    };
    return {[&reader, count](::httplib::ContentReceiver receiver) {
              return reader(count(std::move(receiver)));
            },
            [&reader, count](auto header, ::httplib::ContentReceiver receiver) {
              return reader(std::move(header), count(std::move(receiver)));
            }};
  }

  template <typename Call>
  static void Run(const std::string& route, Call call) {
    std::optional<http::ServerSpan>& span = SpanOfThisThread();
    if (!span) return call();
    span->SetRoute(route);
    try {
      call();
    } catch (...) {
      span->RecordCurrentException();
      throw;
    }
  }

  http::Instrumentation tracing_ = http::Instrumentation::Default();
};

using Server = Traced<::httplib::Server>;
#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
using SSLServer = Traced<::httplib::SSLServer>;
#endif

}  // namespace spandrel::httplib
