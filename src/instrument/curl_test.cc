// SPDX-License-Identifier: Apache-2.0
// Traced libcurl transfers, easy and multi, against a traced cpp-httplib server over loopback.
#include "spandrel/curl.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "instrument/testing/httplib_server.h"
#include "instrument/testing/recording.h"

namespace spandrel::instrument {
namespace {

using ::httplib::Request;
using ::httplib::Response;

struct EasyCleanup {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, EasyCleanup>;

size_t Discard(char*, size_t, size_t size, void*) {
  return size;
}

class CurlTest : public testing::Test {
 protected:
  CurlTest() {
    server_->Get("/", [this](const Request& request, Response& response) {
      const std::lock_guard lock(mutex_);
      traceparents_ += request.get_header_value_count("traceparent");
      mine_.push_back(request.get_header_value("X-Mine"));
      response.set_content("hello", "text/plain");
    });
    server_->Get("/old", [](const Request&, Response& r) { r.set_redirect("/?sig=secret"); });
    server_->Get("/fail", [](const Request&, Response& response) { response.status = 503; });
    server_.Start();
  }

  Easy Prepare(const std::string& target) {
    Easy easy(curl_easy_init());
    curl_easy_setopt(easy.get(), CURLOPT_URL, server_.Url(target).c_str());
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, Discard);
    curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, 20'000L);
    return easy;
  }
  Span Client() { return recording_.OnlyOne(Span::SPAN_KIND_CLIENT); }
  std::vector<Span> Clients() { return recording_.Spans(Span::SPAN_KIND_CLIENT); }

  // Drives a multi handle until all its transfers are done.
  static std::map<CURL*, CURLcode> Drive(CURLM* multi, curl::Multi& tracing) {
    std::map<CURL*, CURLcode> codes;
    for (int running = 1; running > 0;) {
      EXPECT_EQ(curl_multi_perform(multi, &running), CURLM_OK);
      int left = 0;
      while (CURLMsg* const message = tracing.InfoRead(&left)) {
        codes[message->easy_handle] = message->data.result;
      }
      if (running > 0) curl_multi_poll(multi, nullptr, 0, 1'000, nullptr);
    }
    return codes;
  }

  Recording recording_;
  http::Options options_ = recording_.options();
  TestServer server_{options_};
  std::mutex mutex_;  // guards what the handlers saw
  size_t traceparents_ = 0;
  std::vector<std::string> mine_;
};

TEST_F(CurlTest, ManyTransfersOfAMultiHandleHaveTheirOwnSpans) {
  CURLM* const multi = curl_multi_init();
  const std::vector<std::string> targets = {"/", "/fail", "/nowhere", "/"};
  std::vector<Easy> handles;
  int private_data = 0;
  curl_slist* const list = curl_slist_append(nullptr, "X-Mine: yes");
  {
    curl::Multi tracing(multi, http::Instrumentation(options_));
    for (const std::string& target : targets) {
      handles.push_back(Prepare(target));
      curl_easy_setopt(handles.back().get(), CURLOPT_PRIVATE, &private_data);
      EXPECT_EQ(tracing.Add(handles.back().get(), list), CURLM_OK);
    }
    EXPECT_EQ(tracing.size(), 4u);
    const auto codes = Drive(multi, tracing);
    EXPECT_EQ(codes.size(), 4u);
    EXPECT_EQ(tracing.size(), 0u);
    for (const Easy& easy : handles) {
      void* kept = nullptr;
      curl_easy_getinfo(easy.get(), CURLINFO_PRIVATE, &kept);
      EXPECT_EQ(kept, &private_data);
      EXPECT_EQ(tracing.Remove(easy.get()), CURLM_OK);
    }
  }
  curl_multi_cleanup(multi);
  // The caller's list is in the handle again.
  EXPECT_EQ(curl_easy_perform(handles[0].get()), CURLE_OK);
  handles.clear();  // an open connection would keep the server
  server_.Stop();
  EXPECT_EQ(mine_, (std::vector<std::string>{"yes", "yes", "yes"}));
  EXPECT_EQ(traceparents_, 2u);
  curl_slist_free_all(list);

  std::map<std::string, std::string> errors;
  for (const Span& span : Clients()) {
    std::map<std::string, std::string> attributes = Attributes(span);
    errors[attributes["url.full"]] = attributes["error.type"];
  }
  const std::map<std::string, std::string> expected = {
      {server_.Url("/"), ""}, {server_.Url("/fail"), "503"}, {server_.Url("/nowhere"), "404"}};
  EXPECT_EQ(errors, expected);
  EXPECT_EQ(Clients().size(), 4u);
}

TEST_F(CurlTest, ARemovedTransferIsCancelledAndNoError) {
  std::promise<void> arrived;
  std::promise<void> release;
  server_->Get("/slow", [&](const Request&, Response&) {
    arrived.set_value();
    release.get_future().wait();
  });
  CURLM* const multi = curl_multi_init();
  const Easy easy = Prepare("/slow");
  curl::Multi tracing(multi, http::Instrumentation(options_));
  EXPECT_EQ(tracing.Add(easy.get()), CURLM_OK);
  auto has_arrived = arrived.get_future();
  int running = 1;
  while (has_arrived.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    curl_multi_perform(multi, &running);
    curl_multi_poll(multi, nullptr, 0, 10, nullptr);
  }
  EXPECT_EQ(tracing.Remove(easy.get()), CURLM_OK);
  release.set_value();
  curl_multi_cleanup(multi);
  const Span span = Client();
  EXPECT_EQ(span.status().code(), Status::STATUS_CODE_UNSET);
  EXPECT_EQ(EventNames(span), (std::vector<std::string>{"cancelled"}));
  EXPECT_EQ(Attributes(span).count("error.type"), 0u);
}

TEST_F(CurlTest, AHandleThatIsAddedTwiceKeepsItsSpan) {
  CURLM* const multi = curl_multi_init();
  const Easy easy = Prepare("/");
  {
    curl::Multi tracing(multi, http::Instrumentation(options_));
    EXPECT_EQ(tracing.Add(easy.get()), CURLM_OK);
    EXPECT_EQ(tracing.Add(easy.get()), CURLM_ADDED_ALREADY);
    EXPECT_EQ(Drive(multi, tracing).size(), 1u);
    tracing.Remove(easy.get());
  }
  curl_multi_cleanup(multi);
  EXPECT_EQ(Attributes(Client())["http.response.status_code"], "200");
}

TEST_F(CurlTest, TransfersLeftBehindAreCancelled) {
  CURLM* const multi = curl_multi_init();
  const Easy easy = Prepare("/");
  { (void)curl::Multi(multi, http::Instrumentation(options_)).Add(easy.get()); }
  curl_multi_remove_handle(multi, easy.get());
  curl_multi_cleanup(multi);
  EXPECT_EQ(EventNames(Client()), (std::vector<std::string>{"cancelled"}));
}

TEST_F(CurlTest, HandlesCanBeUsedAgainAndReset) {
  const http::Instrumentation tracing(options_);
  Easy easy = Prepare("/");
  EXPECT_EQ(curl::Perform(easy.get(), nullptr, tracing), CURLE_OK);
  EXPECT_EQ(curl::Perform(easy.get(), nullptr, tracing), CURLE_OK);
  curl_easy_reset(easy.get());
  curl_easy_setopt(easy.get(), CURLOPT_URL, server_.Url("/fail").c_str());
  curl_easy_setopt(easy.get(), CURLOPT_FAILONERROR, 1L);
  EXPECT_EQ(curl::Perform(easy.get(), nullptr, tracing), CURLE_HTTP_RETURNED_ERROR);
  const std::vector<Span> spans = Clients();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(EventNames(spans[0]),
            (std::vector<std::string>{"name resolved", "connected", "first byte received"}));
  EXPECT_EQ(EventNames(spans[1]), (std::vector<std::string>{"first byte received"}));
  EXPECT_EQ(Attributes(spans[2])["error.type"], "503");
  easy.reset();
  server_.Stop();
  EXPECT_EQ(traceparents_, 2u);
}

TEST_F(CurlTest, RedirectsAreEventsWithTheirTargets) {
  const Easy easy = Prepare("/old");
  curl_easy_setopt(easy.get(), CURLOPT_FOLLOWLOCATION, 1L);
  EXPECT_EQ(
      curl::Perform(easy.get(), nullptr, http::Instrumentation(options_), curl::Phases::kNone),
      CURLE_OK);
  const Span span = Client();
  EXPECT_EQ(Attributes(span)["http.request.resend_count"], "1");
  ASSERT_EQ(EventNames(span), (std::vector<std::string>{"redirect"}));
#if LIBCURL_VERSION_NUM >= 0x075400
  EXPECT_EQ(ToMap(span.events(0).attributes())["url.full"], "/?sig=REDACTED");
#endif
}

TEST_F(CurlTest, PhasesCanBeSpans) {
  const Easy easy = Prepare("/");
  EXPECT_EQ(
      curl::Perform(easy.get(), nullptr, http::Instrumentation(options_), curl::Phases::kSpans),
      CURLE_OK);
  const Span client = Client();
  EXPECT_EQ(client.events_size(), 0);
  std::vector<std::string> names;
  for (const Span& phase : recording_.Spans(Span::SPAN_KIND_INTERNAL)) {
    EXPECT_EQ(phase.parent_span_id(), client.span_id());
    EXPECT_GE(phase.end_time_unix_nano(), phase.start_time_unix_nano());
    names.push_back(phase.name());
  }
  EXPECT_GE(names.size(), 3u);
  EXPECT_EQ(std::count(names.begin(), names.end(), "connect"), 1);
  EXPECT_EQ(std::count(names.begin(), names.end(), "wait"), 1);
}

TEST_F(CurlTest, CapturesHeadersAndSizesOfTheAnswer) {
  options_.captured_response_headers = {"content-type"};
  options_.body_sizes = true;
  const Easy easy = Prepare("/");
  EXPECT_EQ(curl::Perform(easy.get(), nullptr, options_), CURLE_OK);
  std::map<std::string, std::string> attributes = Attributes(Client());
#if LIBCURL_VERSION_NUM >= 0x075400
  EXPECT_EQ(attributes["http.response.header.content-type"], "text/plain");
#endif
  EXPECT_EQ(attributes["http.response.body.size"], "5");
  EXPECT_EQ(attributes["http.request.body.size"], "0");
}

TEST_F(CurlTest, ATransferThatACallbackStopsIsNoError) {
  const Easy easy = Prepare("/");
  const curl_xferinfo_callback stop = [](void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return 1;
  };
  curl_easy_setopt(easy.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy.get(), CURLOPT_XFERINFOFUNCTION, stop);
  EXPECT_EQ(curl::Perform(easy.get(), nullptr, options_), CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(Client().status().code(), Status::STATUS_CODE_UNSET);
}

TEST_F(CurlTest, AStaleTraceparentOfTheCallerIsReplaced) {
  curl_slist* list = curl_slist_append(nullptr, "Traceparent: 00-stale");
  list = curl_slist_append(list, "X-Mine: yes");
  Easy easy = Prepare("/");
  EXPECT_EQ(curl::Perform(easy.get(), list, options_), CURLE_OK);
  curl_slist_free_all(list);
  easy.reset();
  server_.Stop();
  EXPECT_EQ(traceparents_, 1u);
  EXPECT_EQ(mine_, (std::vector<std::string>{"yes"}));
  EXPECT_EQ(recording_.OnlyOne(Span::SPAN_KIND_SERVER).parent_span_id(), Client().span_id());
}

TEST_F(CurlTest, AnUnknownHostIsAnError) {
  const Easy easy = Prepare("/");
  curl_easy_setopt(easy.get(), CURLOPT_URL, "http://bad..name/");
  EXPECT_EQ(curl::Perform(easy.get(), nullptr, options_), CURLE_COULDNT_RESOLVE_HOST);
  EXPECT_EQ(Attributes(Client())["error.type"], "name_not_resolved");
}

}  // namespace
}  // namespace spandrel::instrument
