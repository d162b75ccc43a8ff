// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "spandrel/curl_phases.h"
#include "spandrel/http.h"

// One traced transfer of libcurl: what spandrel/curl.h is made of. Not for applications.
//
// A transfer takes the place of the handle's header list while it runs, and reads all else from the
// handle when it is over: libcurl measures the phases itself, so no callback is needed.
namespace spandrel::curl {

// Headers to add to the caller's list. The caller's lines are linked, not copied; those of the same
// names are left out.
class HeaderCarrier final : public http::Carrier {
 public:
  opentelemetry::nostd::string_view Get(opentelemetry::nostd::string_view) const noexcept override {
    return "";
  }
  void Set(opentelemetry::nostd::string_view key,
           opentelemetry::nostd::string_view value) noexcept override {
    std::string line(key.data(), key.size());
    lines_.push_back(line.append(": ").append(value.data(), value.size()));
  }

  // Valid as long as the carrier and `rest` are.
  curl_slist* Link(curl_slist* rest) {
    if (lines_.empty()) return rest;
    for (std::string& line : lines_) nodes_.push_back({line.data(), nullptr});
    for (const curl_slist* line = rest; line != nullptr; line = line->next) {
      if (!Replaces(line->data)) nodes_.push_back({line->data, nullptr});
    }
    for (size_t i = 1; i < nodes_.size(); ++i) nodes_[i - 1].next = &nodes_[i];
    return nodes_.data();
  }

 private:
  bool Replaces(std::string_view line) const {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string name(line.substr(0, colon));
    return std::any_of(lines_.begin(), lines_.end(), [&name](const std::string& ours) {
      return ours.find(':') == name.size() &&
             curl_strnequal(ours.c_str(), name.c_str(), name.size());
    });
  }

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

// As network.protocol.version has it; empty when libcurl does not say.
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

// What a handle knows of its last transfer; T{} when it does not know.
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

// A header of answer number `request` of a transfer, -1 for the last; empty with a libcurl before
// 7.84, which cannot tell.
inline std::string_view ResponseHeader([[maybe_unused]] CURL* easy,
                                       [[maybe_unused]] std::string_view name,
                                       [[maybe_unused]] int request) {
#if LIBCURL_VERSION_NUM >= 0x075400
  curl_header* header = nullptr;
  const std::string key(name);
  if (curl_easy_header(easy, key.c_str(), 0, CURLH_HEADER, request, &header) == CURLHE_OK) {
    return header->value;
  }
#endif
  return {};
}

// The span of one transfer, with its context in the request's headers until it is finished. Belongs
// to the thread of the handle.
class Transfer {
 public:
  Transfer(CURL* easy, curl_slist* headers, const http::Instrumentation& tracing, Phases phases)
      : easy_(easy),
        headers_(headers),
        phases_(phases),
        has_url_(!GetText(easy, CURLINFO_EFFECTIVE_URL).empty()),
        start_(std::chrono::system_clock::now()),
        span_(tracing, Describe(easy)) {
    span_.Inject(carrier_);
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, carrier_.Link(headers_));
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // The transfer is over, with this result: gives the handle its header list back and ends the
  // span. Once; so are the two below, of which none comes after another.
  void Finish(CURLcode code) {
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
    span_.AddWritten(static_cast<uint64_t>(GetInfo<curl_off_t>(easy_, CURLINFO_SIZE_UPLOAD_T)));
    span_.AddRead(static_cast<uint64_t>(GetInfo<curl_off_t>(easy_, CURLINFO_SIZE_DOWNLOAD_T)));
    span_.SetMethod(GetText(easy_, CURLINFO_EFFECTIVE_METHOD));
    span_.SetProtocolVersion(ProtocolVersion(GetInfo<long>(easy_, CURLINFO_HTTP_VERSION)));
    SetOutcome(code);
    if (span_.recording()) AddDetails();
    span_.End();
  }

  // The caller took the handle out before it was done.
  void Cancel() {
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
    span_.SetCancelled();
    span_.End();
  }

  // It did not even start.
  void Fail(std::string_view why) {
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
    span_.SetError("_OTHER", why);
    span_.End();
  }

 private:
  static http::ClientRequest Describe(CURL* easy) {
    http::ClientRequest request;
    request.method = GetText(easy, CURLINFO_EFFECTIVE_METHOD);
    request.url = GetText(easy, CURLINFO_EFFECTIVE_URL);
    return request;
  }

  void SetOutcome(CURLcode code) {
    const long status = GetInfo<long>(easy_, CURLINFO_RESPONSE_CODE);
    if (status > 0) span_.SetStatusCode(static_cast<int>(status));
    if (code == CURLE_OK || code == CURLE_HTTP_RETURNED_ERROR) return;
    // A transfer that the caller's own callback stopped is no error.
    if (code == CURLE_ABORTED_BY_CALLBACK) return span_.SetCancelled();
    span_.SetError(ErrorType(code), curl_easy_strerror(code));
  }

  void AddDetails() {
    if (!has_url_) span_.SetUrl(GetText(easy_, CURLINFO_EFFECTIVE_URL));
    span_.SetPeer(GetText(easy_, CURLINFO_PRIMARY_IP),
                  static_cast<int>(GetInfo<long>(easy_, CURLINFO_PRIMARY_PORT)));
    span_.SetResponseHeaders(http::HeaderReader(
        [this](std::string_view name) { return ResponseHeader(easy_, name, -1); }));
    AddRedirects();
    if (phases_ == Phases::kEvents) AddEvents();
    if (phases_ == Phases::kSpans) AddSpans();
  }

  // libcurl follows redirects by itself; their targets are known when it keeps headers.
  void AddRedirects() {
    constexpr int kMost = 20;  // events; all are counted
    const int count = static_cast<int>(GetInfo<long>(easy_, CURLINFO_REDIRECT_COUNT));
    span_.SetResendCount(count);
    for (int i = 0; i < std::min(count, kMost); ++i) {
      span_.AddRedirect(i + 1, 0, ResponseHeader(easy_, "Location", i));
    }
  }

  std::chrono::system_clock::time_point After(CURLINFO info) const {
    return start_ + std::chrono::microseconds(GetInfo<curl_off_t>(easy_, info));
  }
  // A kept-alive connection saved the phases before the request.
  bool connected_anew() const { return GetInfo<long>(easy_, CURLINFO_NUM_CONNECTS) > 0; }

  // At the end of each phase, one event.
  void AddEvents() {
    const auto add = [this](const char* name, CURLINFO info) {
      if (After(info) > start_) span_.span()->AddEvent(name, After(info));
    };
    if (connected_anew()) {
      add("name resolved", CURLINFO_NAMELOOKUP_TIME_T);
      add("connected", CURLINFO_CONNECT_TIME_T);
      add("TLS established", CURLINFO_APPCONNECT_TIME_T);
    }
    add("first byte received", CURLINFO_STARTTRANSFER_TIME_T);
  }

  // For each phase a span, which begins where the one before ended.
  void AddSpans() {
    auto begin = start_;
    const auto add = [&](const char* name, CURLINFO info) {
      const auto end = After(info);
      if (end <= begin) return;
      span_.AddPhase(name, begin, end);
      begin = end;
    };
    if (connected_anew()) {
      add("resolve", CURLINFO_NAMELOOKUP_TIME_T);
      add("connect", CURLINFO_CONNECT_TIME_T);
      add("TLS handshake", CURLINFO_APPCONNECT_TIME_T);
    }
    add("wait", CURLINFO_STARTTRANSFER_TIME_T);
    add("receive", CURLINFO_TOTAL_TIME_T);
  }

  CURL* const easy_;
  curl_slist* const headers_;
  const Phases phases_;
  const bool has_url_;
  const std::chrono::system_clock::time_point start_;
  http::ClientSpan span_;
  HeaderCarrier carrier_;
};

}  // namespace spandrel::curl
