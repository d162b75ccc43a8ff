// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "spandrel/detail/httplib_client_call.h"
#include "spandrel/http.h"

// cpp-httplib clients whose requests are traced. One line changes:
//
//   httplib::Client client("http://host:1");  ->  spandrel::httplib::Client
//   client("http://host:1");
//
// Each call of Get, Post, ... or send is one span, with its context in the request's headers;
// redirects and retries within the call are events of it and counted. Header-only.
namespace spandrel::httplib {

// A client in place of `Base`. As thread-safe as `Base`.
template <typename Base, bool kTls>
class TracedClient : public Base {
 public:
  using Headers = ::httplib::Headers;
  using Params = ::httplib::Params;
  using Request = ::httplib::Request;
  using Response = ::httplib::Response;
  using Result = ::httplib::Result;

  // Takes what the client itself takes.
  template <typename... Rest>
  explicit TracedClient(const std::string& host, Rest&&... rest)
      : Base(host, std::forward<Rest>(rest)...), origin_(Origin(host, rest...)) {
    set_logger(::httplib::Logger());
  }

  // Before the first request.
  void set_tracing_options(http::Options options) {
    tracing_ = http::Instrumentation(std::move(options));
  }
  void set_tracing(http::Instrumentation tracing) { tracing_ = std::move(tracing); }

  // All overloads of httplib's: each of them takes headers after the path. Arguments after those
  // are passed on as they are.
  template <typename... Rest, typename = IfWithoutHeaders<Rest...>>
  Result Get(const std::string& path, const Headers& headers, Rest&&... rest) {
    return Run("GET", path, headers, [&](const Headers& all) {
      return Base::Get(path, all, std::forward<Rest>(rest)...);
    });
  }
  template <typename... Rest>
  Result Get(const std::string& path, const Params& params, const Headers& headers,
             Rest&&... rest) {
    return Get(::httplib::append_query_params(path, params), headers, std::forward<Rest>(rest)...);
  }
  template <typename... Rest, typename = IfWithoutHeaders<Rest...>>
  Result Get(const std::string& path, Rest&&... rest) {
    return Get(path, Headers(), std::forward<Rest>(rest)...);
  }
  Result Head(const std::string& path, const Headers& headers = Headers()) {
    return Run("HEAD", path, headers, [&](const Headers& all) { return Base::Head(path, all); });
  }
  Result Options(const std::string& path, const Headers& headers = Headers()) {
    return Run("OPTIONS", path, headers,
               [&](const Headers& all) { return Base::Options(path, all); });
  }
  template <typename... Rest>
  Result Post(const std::string& path, const Headers& headers, Rest&&... rest) {
    return Run("POST", path, headers, [&](const Headers& all) {
      return Base::Post(path, all, std::forward<Rest>(rest)...);
    });
  }
  template <typename... Rest, typename = IfWithoutHeaders<Rest...>>
  Result Post(const std::string& path, Rest&&... rest) {
    return Post(path, Headers(), std::forward<Rest>(rest)...);
  }
  template <typename... Rest>
  Result Put(const std::string& path, const Headers& headers, Rest&&... rest) {
    return Run("PUT", path, headers, [&](const Headers& all) {
      if constexpr (sizeof...(Rest) == 0) {
        return Base::Put(path, all, std::string(), std::string());
      } else {
        return Base::Put(path, all, std::forward<Rest>(rest)...);
      }
    });
  }
  template <typename... Rest, typename = IfWithoutHeaders<Rest...>>
  Result Put(const std::string& path, Rest&&... rest) {
    return Put(path, Headers(), std::forward<Rest>(rest)...);
  }
  template <typename... Rest>
  Result Patch(const std::string& path, const Headers& headers, Rest&&... rest) {
    return Run("PATCH", path, headers, [&](const Headers& all) {
      if constexpr (sizeof...(Rest) == 0) {
        return Base::Patch(path, all, std::string(), std::string());
      } else {
        return Base::Patch(path, all, std::forward<Rest>(rest)...);
      }
    });
  }
  template <typename... Rest, typename = IfWithoutHeaders<Rest...>>
  Result Patch(const std::string& path, Rest&&... rest) {
    return Patch(path, Headers(), std::forward<Rest>(rest)...);
  }
  template <typename... Rest>
  Result Delete(const std::string& path, const Headers& headers, Rest&&... rest) {
    return Run("DELETE", path, headers, [&](const Headers& all) {
      return Base::Delete(path, all, std::forward<Rest>(rest)...);
    });
  }
  template <typename... Rest, typename = IfWithoutHeaders<Rest...>>
  Result Delete(const std::string& path, Rest&&... rest) {
    return Delete(path, Headers(), std::forward<Rest>(rest)...);
  }

  // For versions of httplib that have it; its stream::Get and the like call it. The span ends with
  // the headers of the answer, since the caller reads the body through a class of httplib's own.
  auto open_stream(const std::string& method, const std::string& path, const Params& params = {},
                   const Headers& headers = {}, const std::string& body = {},
                   const std::string& content_type = {}) {
    const std::string url =
        origin_ + (params.empty() ? path : ::httplib::append_query_params(path, params));
    ClientCall call(tracing_, Describe(method, url));
    Headers all = headers;
    call.AddHeaders(all);
    auto stream = Guard(
        call, [&] { return Base::open_stream(method, path, params, all, body, content_type); });
    call.Finish(stream.is_valid() ? stream.response.get() : nullptr, stream.error);
    return stream;
  }

  bool send(Request& request, Response& response, ::httplib::Error& error) {
    const std::string url = origin_ + request.path;
    ClientCall call(tracing_, Describe(request.method, url));
    call.AddHeaders(request.headers);
    const bool answered = Guard(call, [&] { return Base::send(request, response, error); });
    call.Finish(answered ? &response : nullptr, error);
    return answered;
  }
  Result send(const Request& request) {
    Request copy = request;
    auto response = std::make_unique<Response>();
    auto error = ::httplib::Error::Success;
    if (!send(copy, *response, error)) response = nullptr;
    return Result(std::move(response), error, std::move(copy.headers));
  }

  // As in httplib; also called for each redirect.
  void set_logger(::httplib::Logger logger) {
    Base::set_logger(
        [logger = std::move(logger)](const Request& request, const Response& response) {
          if (ClientCall* const call = ClientCall::Current()) call->OnAnswer(request, response);
          if (logger) logger(request, response);
        });
  }

 private:
  static http::ClientRequest Describe(std::string_view method, std::string_view url) {
    http::ClientRequest request;
    request.method = method;
    request.url = url;
    return request;
  }

  // `call` sends the request with the headers that it is given.
  template <typename Call>
  Result Run(const char* method, const std::string& path, const Headers& given, Call call) {
    const std::string url = origin_ + path;
    ClientCall traced(tracing_, Describe(method, url));
    Headers headers = given;
    traced.AddHeaders(headers);
    Result result = Guard(traced, [&]() -> Result { return call(headers); });
    traced.Finish(result ? &*result : nullptr, result.error());
    return result;
  }

  template <typename Call>
  static auto Guard(ClientCall& traced, Call call) -> decltype(call()) {
    try {
      return call();
    } catch (...) {
      traced.RecordCurrentException();
      throw;
    }
  }

  template <typename... Rest>
  static std::string Origin(const std::string& host, const Rest&... rest) {
    if (host.find("://") != std::string::npos) return host;
    std::string origin = (kTls ? "https://" : "http://") + host;
    if constexpr (sizeof...(Rest) > 0) origin += PortOf(rest...);
    return origin;
  }
  template <typename First, typename... Rest>
  static std::string PortOf(const First& first, const Rest&...) {
    if constexpr (std::is_integral_v<First>) return ":" + std::to_string(first);
    return "";
  }

  std::string origin_;
  http::Instrumentation tracing_ = http::Instrumentation::Default();
};

using Client = TracedClient<::httplib::Client, false>;
#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
using SSLClient = TracedClient<::httplib::SSLClient, true>;
#endif

}  // namespace spandrel::httplib
