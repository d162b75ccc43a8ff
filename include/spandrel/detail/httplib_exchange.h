// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "opentelemetry/context/runtime_context.h"
#include "spandrel/detail/httplib_headers.h"
#include "spandrel/detail/httplib_sink.h"
#include "spandrel/exception.h"
#include "spandrel/http.h"

// One request of a cpp-httplib server from the first hook that sees it to the last byte of its
// answer. spandrel/httplib.h has the hooks.
//
// Newer versions of httplib call their logger before they write the body, so the logger cannot be
// the end. What all versions share: a Response lives on the stack of the request's thread and calls
// its resource releaser when it is destroyed, which is just after the answer was written.
namespace spandrel::httplib {

// The request that a thread serves: its span, and what is known of its answer. Each thread has one,
// since httplib runs all steps of a request on one thread. Callbacks that outlive a request find it
// by its number, and no other one.
class Exchange {
 public:
  using Request = ::httplib::Request;
  using Response = ::httplib::Response;

  static Exchange& OfThisThread() {
    static thread_local Exchange exchange;
    return exchange;
  }
  // Null when that request is over, and on other threads.
  static Exchange* Find(uint64_t number) {
    Exchange& exchange = OfThisThread();
    return exchange.span_ && exchange.number_ == number ? &exchange : nullptr;
  }

  // Starts the span, unless it is that of this request: a hook may not be the first one.
  // `listening` tells when the server stops.
  void Begin(const http::Instrumentation& tracing, const http::ServerRequest& described,
             const Request& request, Response& response, const std::atomic<socket_t>& listening);
  // From here on httplib can tell whether the client is there (Request::is_connection_closed).
  void BeginRouting() { routing_ = true; }

  void SetRoute(std::string_view route);
  void AddRead(uint64_t bytes);
  // Within a catch block.
  void RecordCurrentException();

  // The answer is complete but for its body; called just before it is written.
  void Answer(const Request& request, Response& response);
  // The connection is another protocol's from here on. Returns the span's context.
  http::Context Upgrade();
  // The Response is being destroyed. `written`: what httplib tells releasers.
  void Close(bool written);
  // Within a catch block: nobody will answer.
  void Abort();

 private:
  friend class WatchedProvider;
  friend class BodyForLogger;

  // Bodies up to this size fit into the buffer of a socket: nobody can know whether they arrive.
  static constexpr size_t kBufferedBody = size_t{64} << 10;

  // Old versions of httplib have neither of these members.
  template <typename AnyRequest>
  static auto ClientLeft(const AnyRequest& request, int)
      -> decltype(request.is_connection_closed()) {
    return request.is_connection_closed && request.is_connection_closed();
  }
  template <typename AnyRequest>
  static bool ClientLeft(const AnyRequest&, long) {
    return false;
  }
  template <typename AnyRequest>
  static auto MatchedRoute(const AnyRequest& request, int)
      -> decltype(std::string_view(request.matched_route)) {
    return request.matched_route;
  }
  template <typename AnyRequest>
  static std::string_view MatchedRoute(const AnyRequest&, long) {
    return {};
  }

  static uint64_t NextNumber() {
    static std::atomic<uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  void Reset();
  void Describe(const Request& request, const Response& response);
  void WatchBody(const Request& request, Response& response);
  void HandOverBody(Response& response);
  bool Stopping() const { return *listening_ == INVALID_SOCKET; }
  // The first reason counts.
  void Fail(std::string_view type, std::string_view description);
  void FailByException(std::string_view description) {
    Quietly([&] { Fail(CurrentExceptionType(), description); });
  }
  void LoseConnection() { Fail("connection_lost", "the client left before the answer ended"); }
  void StopServing() { Fail("server_stopped", "the server stopped before the answer ended"); }
  void GiveUp();
  void Judge(bool written);
  void JudgeStream(bool written);

  std::optional<http::ServerSpan> span_;
  uint64_t number_ = 0;
  const Request* request_ = nullptr;
  Response* response_ = nullptr;
  const std::atomic<socket_t>* listening_ = nullptr;
  bool routing_ = false;
  bool has_route_ = false;
  bool threw_ = false;
  bool answered_ = false;
  std::string error_type_;
  std::string error_;
  // Of an answer whose body is written by a provider.
  bool streams_ = false;
  bool partial_ = false;  // ranges of it are
  uint64_t length_ = 0;   // what it has to write; 0: not known
  StreamProgress stream_;
  std::string body_;  // handed over by the Response
};

// A resource releaser that closes the exchange after the application's own releaser. Copies do not:
// a copy of the Response is not the answer.
class ClosingReleaser {
 public:
  using Next = ::httplib::ContentProviderResourceReleaser;

  ClosingReleaser(uint64_t number, std::shared_ptr<Next> next)
      : number_(number), next_(std::move(next)) {}
  ClosingReleaser(const ClosingReleaser& other) : number_(0), next_(other.next_) {}
  ClosingReleaser(ClosingReleaser&&) = default;
  ClosingReleaser& operator=(const ClosingReleaser&) = delete;
  ClosingReleaser& operator=(ClosingReleaser&&) = delete;
  ~ClosingReleaser() = default;

  static void Install(uint64_t number, ::httplib::Response& response) {
    Next& releaser = response.content_provider_resource_releaser_;
    const auto next = releaser ? std::make_shared<Next>() : nullptr;
    Next closing = ClosingReleaser(number, next);
    if (next) next->swap(releaser);
    releaser.swap(closing);
  }

  void operator()(bool success) const {
    if (next_) (*next_)(success);
    if (Exchange* const exchange = Exchange::Find(number_)) exchange->Close(success);
  }

 private:
  uint64_t number_;
  std::shared_ptr<Next> next_;
};

// The application's provider, or that of a body that was handed over.
class WatchedProvider {
 public:
  static void Install(uint64_t number, ::httplib::Response& response) {
    const auto provider = std::make_shared<::httplib::ContentProvider>();
    ::httplib::ContentProvider watched = WatchedProvider(number, provider);
    provider->swap(response.content_provider_);
    response.content_provider_.swap(watched);
  }

  bool operator()(size_t offset, size_t length, ::httplib::DataSink& sink) const {
    Exchange* const exchange = Exchange::Find(number_);
    if (exchange == nullptr) return (*provider_)(offset, length, sink);
    exchange->streams_ = true;
    const WatchedSink watched(sink, exchange->stream_);
    try {
      const bool goes_on = (*provider_)(offset, length, sink);
      if (exchange->stream_.lost) exchange->LoseConnection();
      if (!goes_on) exchange->GiveUp();
      return goes_on;
    } catch (...) {
      exchange->RecordCurrentException();
      exchange->FailByException("the content provider threw");
      throw;
    }
  }

 private:
  WatchedProvider(uint64_t number, std::shared_ptr<::httplib::ContentProvider> provider)
      : number_(number), provider_(std::move(provider)) {}

  uint64_t number_;
  std::shared_ptr<::httplib::ContentProvider> provider_;
};

// Gives the Response back the body that it handed over, while the application's logger looks at it.
class BodyForLogger {
 public:
  explicit BodyForLogger(const ::httplib::Response& response) {
    Exchange& exchange = Exchange::OfThisThread();
    if (!exchange.span_ || exchange.response_ != &response || exchange.body_.empty()) return;
    exchange_ = &exchange;
    Swap();
  }
  BodyForLogger(const BodyForLogger&) = delete;
  BodyForLogger& operator=(const BodyForLogger&) = delete;
  ~BodyForLogger() {
    if (exchange_ != nullptr) Swap();
  }

 private:
  void Swap() { exchange_->response_->body.swap(exchange_->body_); }

  Exchange* exchange_ = nullptr;
};

inline void Exchange::Begin(const http::Instrumentation& tracing,
                            const http::ServerRequest& described, const Request& request,
                            Response& response, const std::atomic<socket_t>& listening) {
  if (span_ && response_ == &response) return;
  Reset();
  number_ = NextNumber();
  request_ = &request;
  response_ = &response;
  listening_ = &listening;
  Quietly([&] {
    span_.emplace(tracing, described, HeaderCarrier(request.headers));
    ClosingReleaser::Install(number_, response);
  });
}

inline void Exchange::SetRoute(std::string_view route) {
  if (!span_) return;
  Quietly([&] { span_->SetRoute(route); });
  has_route_ = true;
}

inline void Exchange::AddRead(uint64_t bytes) {
  if (span_) Quietly([&] { span_->AddRead(bytes); });
}

inline void Exchange::RecordCurrentException() {
  if (!span_) return;
  Quietly([&] { span_->RecordCurrentException(); });
  threw_ = true;
}

inline void Exchange::Fail(std::string_view type, std::string_view description) {
  if (!error_type_.empty()) return;
  Quietly([&] {
    error_type_ = type;
    error_ = description;
  });
}

inline void Exchange::Reset() {
  span_.reset();
  routing_ = has_route_ = threw_ = answered_ = streams_ = partial_ = false;
  error_type_.clear();
  error_.clear();
  length_ = 0;
  stream_ = {};
  std::string().swap(body_);
}

inline void Exchange::Answer(const Request& request, Response& response) {
  if (!span_ || response_ != &response) return;
  answered_ = true;
  // The application may have set a provider, and with it another releaser. If not, that of Begin is
  // stale from here on.
  number_ = NextNumber();
  Quietly([&] {
    ClosingReleaser::Install(number_, response);
    Describe(request, response);
    if (routing_ && ClientLeft(request, 0)) LoseConnection();
    if (request.method != "HEAD") WatchBody(request, response);
  });
}

inline void Exchange::Describe(const Request& request, const Response& response) {
  span_->SetStatusCode(response.status);
  span_->SetResponseHeaders(HeaderCarrier(response.headers));
  if (!has_route_ && !MatchedRoute(request, 0).empty()) SetRoute(MatchedRoute(request, 0));
  if (!request.body.empty()) span_->AddRead(request.body.size());
  if (request.method == "HEAD") return span_->AddWritten(0);
  if (response.content_provider_ && response.body.empty()) return;
  if (const auto size = BodySize(response.headers, response.body)) span_->AddWritten(*size);
}

inline void Exchange::WatchBody(const Request& request, Response& response) {
  if (!response.content_provider_) {
    const bool known = !error_type_.empty() || Stopping();
    if (response.body.size() <= kBufferedBody || known || !request.ranges.empty()) return;
    return HandOverBody(response);
  }
  WatchedProvider::Install(number_, response);
  // If there is a body too, it depends on httplib which one is sent.
  streams_ = response.body.empty();
  // httplib compresses chunks after the provider.
  const bool packed =
      response.is_chunked_content_provider_ && response.has_header("Content-Encoding");
  if (!packed) stream_.span = &*span_;
  partial_ = !request.ranges.empty();
  if (!partial_) length_ = response.content_length_;
}

// httplib does not tell how the writing of `response.body` went, but it does for providers. All
// headers are made by now, so that the bytes on the wire are the same.
inline void Exchange::HandOverBody(Response& response) {
  response.content_provider_ = [number = number_](size_t offset, size_t,
                                                  ::httplib::DataSink& sink) {
    const Exchange* const exchange = Find(number);
    if (exchange == nullptr) return false;
    return sink.write(exchange->body_.data() + offset, exchange->body_.size() - offset);
  };
  try {
    WatchedProvider::Install(number_, response);
  } catch (...) {
    response.content_provider_ = nullptr;
    throw;
  }
  response.is_chunked_content_provider_ = false;
  response.content_length_ = response.body.size();
  body_.swap(response.body);
  streams_ = true;
  length_ = body_.size();
}

inline http::Context Exchange::Upgrade() {
  if (!span_) return opentelemetry::context::RuntimeContext::GetCurrent();
  span_->SetStatusCode(101);
  http::Context context = span_->context();
  Reset();
  return context;
}

inline void Exchange::Close(bool written) {
  if (!span_) return;
  Quietly([&] {
    Judge(written);
    if (!error_type_.empty()) span_->SetError(error_type_, error_);
  });
  Reset();
}

inline void Exchange::Abort() {
  if (!span_) return;
  FailByException("a handler threw");
  Quietly([&] { span_->SetError(error_type_, error_); });
  Reset();
}

inline void Exchange::GiveUp() {
  if (routing_ && ClientLeft(*request_, 0)) LoseConnection();
  if (Stopping()) StopServing();
  Fail("content_provider_failed", "the content provider gave up");
}

inline void Exchange::Judge(bool written) {
  if (streams_) return JudgeStream(written);
  if (answered_) return;
  // Nobody has called Answer: there was none, or somebody has replaced the hook.
  if (response_->status > 0) return Describe(*request_, *response_);
  if (!threw_) Fail("no_answer", "the server sent no answer");
}

inline void Exchange::JudgeStream(bool written) {
  const bool complete = length_ > 0 ? stream_.written >= length_ : stream_.done;
  if (written && (complete || partial_)) return;
  if (!complete && Stopping()) return StopServing();
  if (!written) LoseConnection();
}

}  // namespace spandrel::httplib
