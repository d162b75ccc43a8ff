// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "opentelemetry/trace/tracer_provider.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/testing/fake_collector.h"
#include "spandrel/http.h"
#include "spandrel/httplib.h"
#include "spandrel/sdk.h"

namespace spandrel::instrument {

using opentelemetry::proto::trace::v1::Span;
using opentelemetry::proto::trace::v1::Status;

// A tracer whose spans the test reads as the official classes do.
class Recording {
 public:
  Recording() : core_(sdk::MakeProviderCore({}, collector_.factory())) {
    sdk::InstallPropagators();
  }
  ~Recording() { EXPECT_TRUE(core_.Shutdown(std::chrono::seconds(10))); }

  http::Options options() const {
    http::Options options;
    options.tracer_provider =
        std::shared_ptr<opentelemetry::trace::TracerProvider>(std::shared_ptr<void>(), &core_);
    return options;
  }

  opentelemetry::nostd::shared_ptr<opentelemetry::trace::Tracer> tracer() {
    return core_.GetTracer("test", "", "");
  }

  // All spans that have ended, in the order of their starts.
  std::vector<Span> Spans() {
    EXPECT_TRUE(core_.ForceFlush(std::chrono::seconds(20)));
    std::vector<Span> spans = collector_.Spans();
    std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
      return a.start_time_unix_nano() < b.start_time_unix_nano();
    });
    return spans;
  }
  std::vector<Span> Spans(Span::SpanKind kind) {
    std::vector<Span> spans = Spans();
    const auto other = [kind](const Span& span) { return span.kind() != kind; };
    spans.erase(std::remove_if(spans.begin(), spans.end(), other), spans.end());
    return spans;
  }
  // The only span; an empty one, and a failure, when there are none or several.
  Span OnlyOne() { return OnlyOf(Spans()); }
  Span OnlyOne(Span::SpanKind kind) { return OnlyOf(Spans(kind)); }

 private:
  static Span OnlyOf(const std::vector<Span>& spans) {
    EXPECT_EQ(spans.size(), 1u);
    return spans.empty() ? Span() : spans[0];
  }

  sdk::FakeCollector collector_;
  sdk::ProviderCore& core_;
};

// Numbers as text, arrays as "a|b".
template <typename Attributes>
std::map<std::string, std::string> ToMap(const Attributes& attributes) {
  const auto text = [](const auto& value) {
    return value.has_int_value() ? std::to_string(value.int_value()) : value.string_value();
  };
  std::map<std::string, std::string> map;
  for (const auto& attribute : attributes) {
    std::string& joined = map[attribute.key()];
    joined = text(attribute.value());
    for (const auto& item : attribute.value().array_value().values()) {
      joined += joined.empty() ? text(item) : "|" + text(item);
    }
  }
  return map;
}
inline std::map<std::string, std::string> Attributes(const Span& span) {
  return ToMap(span.attributes());
}
inline std::vector<std::string> EventNames(const Span& span) {
  std::vector<std::string> names;
  for (const auto& event : span.events()) names.push_back(event.name());
  return names;
}

// A traced cpp-httplib server on a thread of its own.
class TestServer {
 public:
  explicit TestServer(http::Options options) { server_.set_tracing_options(std::move(options)); }
  ~TestServer() { Stop(); }

  httplib::Server& operator*() { return server_; }
  httplib::Server* operator->() { return &server_; }

  void Start() {
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  // When it returns, all requests are done and their spans have ended.
  void Stop() {
    if (!thread_.joinable()) return;
    server_.stop();
    thread_.join();
  }
  int port() const { return port_; }
  std::string Url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }

 private:
  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
};

}  // namespace spandrel::instrument
