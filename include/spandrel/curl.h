// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "spandrel/http.h"

// libcurl requests that are traced. One line changes:
//
//   curl_easy_perform(easy)  ->  spandrel::curl::Perform(easy)
//   curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list); curl_easy_perform(easy)
//                            ->  spandrel::curl::Perform(easy, list)
//
// libcurl does not tell which header list a handle has, so the list is given here. Header-only, so
// that only those who use it link libcurl.
namespace spandrel::curl {

// Headers to add, in front of the caller's list. The caller's nodes are linked, not copied.
class HeaderCarrier final : public http::Carrier {
 public:
  opentelemetry::nostd::string_view Get(opentelemetry::nostd::string_view) const noexcept override {
    return "";
  }
  void Set(opentelemetry::nostd::string_view key,
           opentelemetry::nostd::string_view value) noexcept override {
    lines_.push_back(std::string(key.data(), key.size()) + ": " +
                     std::string(value.data(), value.size()));
  }

  // Valid as long as the carrier and `rest` are.
  curl_slist* LinkBefore(curl_slist* rest) {
    nodes_.resize(lines_.size());
    for (size_t i = 0; i < lines_.size(); ++i) {
      nodes_[i].data = lines_[i].data();
      nodes_[i].next = i + 1 < lines_.size() ? &nodes_[i + 1] : rest;
    }
    return nodes_.empty() ? rest : nodes_.data();
  }

 private:
  std::vector<std::string> lines_;
  std::vector<curl_slist> nodes_;
};

// error.type of what went wrong before an answer came.
inline std::string ErrorType(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "name_not_resolved";
    case CURLE_COULDNT_CONNECT:
      return "connection_failed";
    case CURLE_OPERATION_TIMEDOUT:
      return "timeout";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return "tls_failed";
    case CURLE_TOO_MANY_REDIRECTS:
      return "too_many_redirects";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return "connection_lost";
    default:
      return "curl_" + std::to_string(static_cast<int>(code));
  }
}

inline std::string_view ProtocolVersion(long version) {
  switch (version) {
    case CURL_HTTP_VERSION_1_0:
      return "1.0";
    case CURL_HTTP_VERSION_1_1:
      return "1.1";
    case CURL_HTTP_VERSION_2_0:
      return "2";
    case CURL_HTTP_VERSION_3:
      return "3";
    default:
      return {};
  }
}

template <typename T>
T GetInfo(CURL* easy, CURLINFO info) {
  T value{};
  curl_easy_getinfo(easy, info, &value);
  return value;
}

inline std::string_view GetText(CURL* easy, CURLINFO info) {
  const char* const text = GetInfo<const char*>(easy, info);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// The phases of the transfer as events; those that a kept-alive connection saved are left out.
inline void AddPhases(CURL* easy, const http::SpanPtr& span,
                      std::chrono::system_clock::time_point start) {
  const auto add = [&](const char* name, CURLINFO info) {
    const auto at = GetInfo<curl_off_t>(easy, info);
    if (at > 0) span->AddEvent(name, start + std::chrono::microseconds(at));
  };
  if (GetInfo<long>(easy, CURLINFO_NUM_CONNECTS) > 0) {
    add("name resolved", CURLINFO_NAMELOOKUP_TIME_T);
    add("connected", CURLINFO_CONNECT_TIME_T);
    add("TLS established", CURLINFO_APPCONNECT_TIME_T);
  }
  add("first byte received", CURLINFO_STARTTRANSFER_TIME_T);
}

// What is known about the request when it is done.
inline void Describe(CURL* easy, CURLcode code, http::ClientSpan& span) {
  span.SetMethod(GetText(easy, CURLINFO_EFFECTIVE_METHOD));
  span.SetPeer(GetText(easy, CURLINFO_PRIMARY_IP),
               static_cast<int>(GetInfo<long>(easy, CURLINFO_PRIMARY_PORT)));
  span.SetProtocolVersion(ProtocolVersion(GetInfo<long>(easy, CURLINFO_HTTP_VERSION)));
  span.SetResendCount(static_cast<int>(GetInfo<long>(easy, CURLINFO_REDIRECT_COUNT)));
  const long status = GetInfo<long>(easy, CURLINFO_RESPONSE_CODE);
  if (status > 0) span.SetStatusCode(static_cast<int>(status));
  // A transfer that the caller's own callback stopped is no error.
  if (code != CURLE_OK && code != CURLE_ABORTED_BY_CALLBACK) {
    span.SetError(ErrorType(code), curl_easy_strerror(code));
  }
}

// curl_easy_perform within a client span, with its context in the request's headers. `headers` is
// what the handle's CURLOPT_HTTPHEADER is, and is set again afterwards. A transfer that follows
// redirects is one span.
inline CURLcode Perform(CURL* easy, curl_slist* headers = nullptr,
                        const http::Options& options = {}) {
  http::ClientRequest request;
  request.method = GetText(easy, CURLINFO_EFFECTIVE_METHOD);
  request.url = GetText(easy, CURLINFO_EFFECTIVE_URL);
  const auto start = std::chrono::system_clock::now();
  http::ClientSpan span(options, request);
  HeaderCarrier carrier;
  span.Inject(carrier);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, carrier.LinkBefore(headers));
  const CURLcode code = curl_easy_perform(easy);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  if (!span.span()->IsRecording()) return code;
  Describe(easy, code, span);
  AddPhases(easy, span.span(), start);
  return code;
}

}  // namespace spandrel::curl
