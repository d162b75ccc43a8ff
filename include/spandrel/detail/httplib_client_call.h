// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "spandrel/detail/httplib_headers.h"
#include "spandrel/http.h"

// The span of one call of a cpp-httplib client. For spandrel/httplib_client.h.
namespace spandrel::httplib {

// error.type of what went wrong before an answer came.
inline std::string_view ErrorType(::httplib::Error error) {
  using ::httplib::Error;
  switch (error) {
    case Error::Connection:
    case Error::BindIPAddress:
      return "connection_failed";
    case Error::ConnectionTimeout:
      return "timeout";
    case Error::Read:
    case Error::Write:
      return "connection_lost";
    case Error::ExceedRedirectCount:
      return "too_many_redirects";
    case Error::SSLConnection:
    case Error::SSLLoadingCerts:
    case Error::SSLServerVerification:
      return "tls_failed";
    default:
      return "_OTHER";
  }
}

// One call of a client while it runs: httplib tells each answer to the logger, on the thread of the
// call.
class ClientCall {
 public:
  ClientCall(const http::Instrumentation& tracing, const http::ClientRequest& request)
      : span_(tracing, request), outer_(Current()) {
    Current() = this;
  }
  ClientCall(const ClientCall&) = delete;
  ClientCall& operator=(const ClientCall&) = delete;
  ~ClientCall() { Current() = outer_; }

  // The innermost call of this thread, or null.
  static ClientCall*& Current() {
    static thread_local ClientCall* current = nullptr;
    return current;
  }

  void AddHeaders(::httplib::Headers& headers) const {
    http::HeaderWriter writer([&headers](std::string_view name, std::string_view value) {
      const std::string key(name);
      headers.erase(key);
      headers.emplace(key, value);
    });
    span_.Inject(writer);
  }

  void OnAnswer(const ::httplib::Request& request, const ::httplib::Response& response) {
    if (answers_++ > 0) span_.AddRedirect(answers_ - 1, status_, location_);
    if (answers_ == 1) span_.SetRequestHeaders(HeaderCarrier(request.headers));
    status_ = response.status;
    const auto location = response.headers.find("Location");
    location_ = location == response.headers.end() ? "" : location->second;
    sent_ = BodySize(request.headers, request.body);
  }

  void Finish(const ::httplib::Response* response, ::httplib::Error error) {
    span_.SetResendCount(answers_ - 1);
    if (sent_) span_.AddWritten(*sent_);
    if (response == nullptr) return Fail(error);
    span_.SetStatusCode(response->status);
    span_.SetProtocolVersion(VersionOf(response->version));
    span_.SetResponseHeaders(HeaderCarrier(response->headers));
    const std::optional<uint64_t> size = BodySize(response->headers, response->body);
    if (size) span_.AddRead(*size);
  }
  void RecordCurrentException() { span_.RecordCurrentException(); }

 private:
  void Fail(::httplib::Error error) {
    if (error == ::httplib::Error::Canceled) return span_.SetCancelled();
    span_.SetError(ErrorType(error), ::httplib::to_string(error));
  }

  http::ClientSpan span_;
  ClientCall* const outer_;
  int answers_ = 0;
  int status_ = 0;
  std::string location_;
  std::optional<uint64_t> sent_;
};

// Whether the first argument is neither headers nor the parameters of a Get with headers.
template <typename... Args>
struct WithoutHeaders : std::true_type {};
template <typename First, typename... Rest>
struct WithoutHeaders<First, Rest...>
    : std::bool_constant<!std::is_same_v<std::decay_t<First>, ::httplib::Headers> &&
                         !(std::is_same_v<std::decay_t<First>, ::httplib::Params> &&
                           sizeof...(Rest) > 0)> {};
template <typename... Args>
using IfWithoutHeaders = std::enable_if_t<WithoutHeaders<Args...>::value>;

}  // namespace spandrel::httplib
