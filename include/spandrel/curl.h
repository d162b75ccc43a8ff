// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <map>
#include <memory>
#include <utility>

#include "spandrel/curl_phases.h"
#include "spandrel/detail/curl_transfer.h"
#include "spandrel/http.h"

// libcurl requests that are traced. One line changes:
//
//   curl_easy_perform(easy)  ->  spandrel::curl::Perform(easy)
//   curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list); curl_easy_perform(easy)
//                            ->  spandrel::curl::Perform(easy, list)
//
// and with a multi handle:
//
//   spandrel::curl::Multi tracing(multi);
//   curl_multi_add_handle(multi, easy)     ->  tracing.Add(easy)     or  tracing.Add(easy, list)
//   curl_multi_info_read(multi, &left)     ->  tracing.InfoRead(&left)
//   curl_multi_remove_handle(multi, easy)  ->  tracing.Remove(easy)
//
// libcurl does not tell which header list a handle has, so the list is given here. The private
// pointer and the callbacks of a handle are not touched. Header-only, so that only those who use it
// link libcurl.
namespace spandrel::curl {

// curl_easy_perform within a client span, with its context in the request's headers. `headers` is
// what the handle's CURLOPT_HTTPHEADER is, and is set again afterwards. A transfer that follows
// redirects is one span.
inline CURLcode Perform(CURL* easy, curl_slist* headers, const http::Instrumentation& tracing,
                        Phases phases = Phases::kEvents) {
  Transfer transfer(easy, headers, tracing, phases);
  const CURLcode code = curl_easy_perform(easy);
  transfer.Finish(code);
  return code;
}
inline CURLcode Perform(CURL* easy, curl_slist* headers = nullptr) {
  return Perform(easy, headers, http::Instrumentation::Default());
}
// Makes an Instrumentation for each call; give one instead where there are many.
inline CURLcode Perform(CURL* easy, curl_slist* headers, const http::Options& options) {
  return Perform(easy, headers, http::Instrumentation(options));
}

// The transfers of a multi handle, one client span each, from Add until InfoRead tells that they
// are done or Remove takes them out before, which is no error. Belongs to the thread of the multi
// handle. Does not own the multi handle nor the easy handles, which must live until they are done,
// removed, or this object is gone.
class Multi {
 public:
  explicit Multi(CURLM* multi, http::Instrumentation tracing = http::Instrumentation::Default(),
                 Phases phases = Phases::kEvents)
      : multi_(multi), tracing_(std::move(tracing)), phases_(phases) {}
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;
  ~Multi() {
    for (auto& [easy, transfer] : transfers_) transfer->Cancel();
  }

  // `headers` is what the handle's CURLOPT_HTTPHEADER is, and is set again when it is done.
  CURLMcode Add(CURL* easy, curl_slist* headers = nullptr) {
    if (transfers_.count(easy) > 0) return curl_multi_add_handle(multi_, easy);
    auto transfer = std::make_unique<Transfer>(easy, headers, tracing_, phases_);
    const CURLMcode code = curl_multi_add_handle(multi_, easy);
    if (code != CURLM_OK) {
      transfer->Fail(curl_multi_strerror(code));
      return code;
    }
    transfers_.emplace(easy, std::move(transfer));
    return code;
  }

  // Ends the span of the transfer that a message tells about. Handles that were not added by this
  // object pass through.
  CURLMsg* InfoRead(int* messages_left) {
    CURLMsg* const message = curl_multi_info_read(multi_, messages_left);
    if (message == nullptr || message->msg != CURLMSG_DONE) return message;
    const auto found = transfers_.find(message->easy_handle);
    if (found == transfers_.end()) return message;
    found->second->Finish(message->data.result);
    transfers_.erase(found);
    return message;
  }

  CURLMcode Remove(CURL* easy) {
    const CURLMcode code = curl_multi_remove_handle(multi_, easy);
    const auto found = transfers_.find(easy);
    if (found == transfers_.end()) return code;
    found->second->Cancel();
    transfers_.erase(found);
    return code;
  }

  // Transfers that are added and not done.
  size_t size() const { return transfers_.size(); }

 private:
  CURLM* const multi_;
  const http::Instrumentation tracing_;
  const Phases phases_;
  std::map<CURL*, std::unique_ptr<Transfer>> transfers_;
};

}  // namespace spandrel::curl
