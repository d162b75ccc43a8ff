// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <string>
#include <type_traits>
#include <utility>

#include "opentelemetry/context/runtime_context.h"
#include "spandrel/detail/httplib_exchange.h"
#include "spandrel/detail/httplib_headers.h"
#include "spandrel/http.h"
#include "spandrel/httplib_client.h"

// cpp-httplib servers whose requests are traced. One line changes:
//
//   httplib::Server server;             ->  spandrel::httplib::Server server;
//   httplib::SSLServer server(a, b);    ->  spandrel::httplib::SSLServer server(a, b);
//
// The pattern a handler is registered with becomes http.route. Clients are in
// spandrel/httplib_client.h. Header-only, so that it is compiled with the macros that your httplib
// is compiled with.
namespace spandrel::httplib {

// A server in place of `Base`. Its threads and limits are those of `Base`. The span of a request is
// current on the request's thread until the last byte of the answer is written.
template <typename Base>
class Traced : public Base {
 public:
  using Handler = ::httplib::Server::Handler;
  using HandlerWithContentReader = ::httplib::Server::HandlerWithContentReader;
  using HandlerWithResponse = ::httplib::Server::HandlerWithResponse;
  using ExceptionHandler = ::httplib::Server::ExceptionHandler;
  using Expect100ContinueHandler = ::httplib::Server::Expect100ContinueHandler;
  using Request = ::httplib::Request;
  using Response = ::httplib::Response;

  // Takes what the server itself takes.
  template <typename... Args>
  explicit Traced(Args&&... args) : Base(std::forward<Args>(args)...) {
    set_pre_routing_handler(HandlerWithResponse());
    set_post_routing_handler(Handler());
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

  // For versions of httplib that have it: `selector` is its choice of a subprotocol. The span is
  // that of the upgrade; it is over when `handler` runs, but what the handler makes belongs to its
  // trace.
  template <typename WebSocketHandler, typename... Selector>
  Traced& WebSocket(const std::string& pattern, WebSocketHandler handler, Selector&&... selector) {
    Base::WebSocket(
        pattern,
        [pattern, handler = std::move(handler)](const Request& request, auto& socket) mutable {
          Exchange& exchange = Exchange::OfThisThread();
          exchange.SetRoute(pattern);
          const auto current = Context::Attach(exchange.Upgrade());
          handler(request, socket);
        },
        std::forward<Selector>(selector)...);
    return *this;
  }

  // These are as in httplib, with the span as the current one. It begins before the first of them
  // that is called for a request.
  Traced& set_pre_routing_handler(HandlerWithResponse handler) {
    Base::set_pre_routing_handler(
        [this, handler = std::move(handler)](const Request& request, Response& response) {
          Begin(request, response);
          Exchange::OfThisThread().BeginRouting();
          if (!handler) return Base::HandlerResponse::Unhandled;
          return Recorded([&] { return handler(request, response); });
        });
    return *this;
  }
  // For versions of httplib that have it.
  Traced& set_pre_request_handler(HandlerWithResponse handler) {
    Base::set_pre_request_handler(
        [handler = std::move(handler)](const Request& request, Response& response) {
          if (!handler) return Base::HandlerResponse::Unhandled;
          return Recorded([&] { return handler(request, response); });
        });
    return *this;
  }
  Traced& set_file_request_handler(Handler handler) {
    Base::set_file_request_handler(
        [handler = std::move(handler)](const Request& request, Response& response) {
          if (handler) Recorded([&] { handler(request, response); });
        });
    return *this;
  }
  Traced& set_exception_handler(ExceptionHandler handler) {
    if (!handler) {
      Base::set_exception_handler(nullptr);
      return *this;
    }
    Base::set_exception_handler(
        [handler = std::move(handler)](const Request& request, Response& response, auto exception) {
          Final([&] { handler(request, response, exception); });
        });
    return *this;
  }
  Traced& set_expect_100_continue_handler(Expect100ContinueHandler handler) {
    if (!handler) {
      Base::set_expect_100_continue_handler(nullptr);
      return *this;
    }
    Base::set_expect_100_continue_handler(
        [this, handler = std::move(handler)](const Request& request, Response& response) {
          Begin(request, response);
          return Final([&] { return handler(request, response); });
        });
    return *this;
  }
  // Takes a Handler or a HandlerWithResponse.
  template <typename ErrorHandler>
  Traced& set_error_handler(ErrorHandler&& handler) {
    using Function = std::conditional_t<std::is_convertible_v<ErrorHandler, HandlerWithResponse>,
                                        HandlerWithResponse, Handler>;
    Function function(std::forward<ErrorHandler>(handler));
    if (!function) {
      Base::set_error_handler(std::move(function));
      return *this;
    }
    Base::set_error_handler(Function(
        [this, function = std::move(function)](const Request& request, Response& response) {
          Begin(request, response);
          return Final([&] { return function(request, response); });
        }));
    return *this;
  }
  Traced& set_post_routing_handler(Handler handler) {
    Base::set_post_routing_handler(
        [this, handler = std::move(handler)](const Request& request, Response& response) {
          Begin(request, response);
          if (handler) Final([&] { handler(request, response); });
          Exchange::OfThisThread().Answer(request, response);
        });
    return *this;
  }
  Traced& set_logger(::httplib::Logger logger) {
    if (!logger) {
      Base::set_logger(nullptr);
      return *this;
    }
    Base::set_logger(
        [logger = std::move(logger)](const Request& request, const Response& response) {
          const BodyForLogger body(response);
          logger(request, response);
        });
    return *this;
  }

 private:
  using Context = opentelemetry::context::RuntimeContext;

  void Begin(const Request& request, Response& response) const {
    http::ServerRequest described;
    described.method = request.method;
    described.target = request.target;
    described.scheme = kTls || IsTls(request, 0) ? "https" : "http";
    described.peer_address = request.remote_addr;
    described.peer_port = request.remote_port;
    described.protocol_version = VersionOf(request.version);
    Exchange::OfThisThread().Begin(tracing_, described, request, response, this->svr_sock_);
  }

#if defined(CPPHTTPLIB_OPENSSL_SUPPORT) || defined(CPPHTTPLIB_SSL_ENABLED)
  static constexpr bool kTls = std::is_base_of_v<::httplib::SSLServer, Base>;
#else
  static constexpr bool kTls = false;
#endif

  // For servers of other classes. Requests have `ssl` only when httplib is built with TLS.
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
        Exchange::OfThisThread().AddRead(size);
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
    Exchange::OfThisThread().SetRoute(route);
    Recorded(call);
  }
  template <typename Call>
  static auto Recorded(Call call) -> decltype(call()) {
    try {
      return call();
    } catch (...) {
      Exchange::OfThisThread().RecordCurrentException();
      throw;
    }
  }

  // For what httplib calls without catching exceptions: there will be no answer.
  template <typename Call>
  static auto Final(Call call) -> decltype(call()) {
    try {
      return Recorded(call);
    } catch (...) {
      Exchange::OfThisThread().Abort();
      throw;
    }
  }

  http::Instrumentation tracing_ = http::Instrumentation::Default();
};

using Server = Traced<::httplib::Server>;
#if defined(CPPHTTPLIB_OPENSSL_SUPPORT) || defined(CPPHTTPLIB_SSL_ENABLED)
using SSLServer = Traced<::httplib::SSLServer>;
#endif

}  // namespace spandrel::httplib
