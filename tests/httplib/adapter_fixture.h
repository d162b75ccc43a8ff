// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "instrument/testing/httplib_server.h"
#include "instrument/testing/recording.h"
#include "raw_client.h"
#include "spandrel/httplib.h"

// spandrel::httplib::Server with whatever version of cpp-httplib this is compiled with.
namespace spandrel::httplib_test {

using ::httplib::DataSink;
using ::httplib::Headers;
using ::httplib::Request;
using ::httplib::Response;
using instrument::Attributes;
using instrument::EventNames;
using instrument::Recording;
using instrument::Span;
using instrument::Status;
using instrument::TestServer;
using testing::Each;
using testing::HasSubstr;

// Old versions do not.
template <typename AnyRequest, typename = void>
struct KnowsClosedConnections : std::false_type {};
template <typename AnyRequest>
struct KnowsClosedConnections<
    AnyRequest, std::void_t<decltype(std::declval<AnyRequest>().is_connection_closed)>>
    : std::true_type {};

class AdapterTest : public testing::Test {
 protected:
  AdapterTest() {
    options_.body_sizes = true;
    server_->set_tracing_options(options_);
  }

  // Spans end after the client has its answer; when the server has stopped, all have.
  std::vector<Span> Servers() {
    server_.Stop();
    return recording_.Spans(Span::SPAN_KIND_SERVER);
  }
  Span Server() {
    server_.Stop();
    return recording_.OnlyOne(Span::SPAN_KIND_SERVER);
  }
  Span Mark() { return recording_.OnlyOne(Span::SPAN_KIND_INTERNAL); }

  // httplib may not be stopped twice.
  void WaitForStop() {
    while (server_->is_running()) std::this_thread::yield();
  }

  // A span that shows what is current on this thread, and when.
  void MakeMark() { recording_.tracer()->StartSpan("mark")->End(); }

  static std::string ErrorType(const Span& span) {
    auto attributes = Attributes(span);
    EXPECT_EQ(span.status().code(), attributes.count("error.type") > 0 ? Status::STATUS_CODE_ERROR
                                                                       : Status::STATUS_CODE_UNSET);
    return attributes["error.type"];
  }
  static std::string StatusCode(const Span& span) {
    return Attributes(span)["http.response.status_code"];
  }
  static std::string BodySize(const Span& span) {
    return Attributes(span)["http.response.body.size"];
  }

  // The mark was made within the server's span.
  static void ExpectWithin(const Span& mark, const Span& server) {
    EXPECT_EQ(mark.parent_span_id(), server.span_id());
    EXPECT_EQ(mark.trace_id(), server.trace_id());
    EXPECT_GE(mark.start_time_unix_nano(), server.start_time_unix_nano());
    EXPECT_LE(mark.end_time_unix_nano(), server.end_time_unix_nano());
  }

  Recording recording_;
  http::Options options_ = recording_.options();
  TestServer server_{options_};
};

// Bodies of all kinds, for a server of whatever class.
template <typename AnyServer>
void ServeBodies(AnyServer& server) {
  server.Get("/text/(\\d+)", [](const Request& request, Response& response) {
    response.set_content(std::string(std::stoul(request.matches[1].str()), 'x'), "text/plain");
  });
  server.Post("/echo", [](const Request& request, Response& response) {
    response.set_content(request.body, "application/x-raw");
  });
  server.Get("/chunks", [](const Request&, Response& response) {
    response.set_chunked_content_provider("text/plain", [](size_t offset, DataSink& sink) {
      offset < 200'000 ? (void)sink.os.write(std::string(70'000, 'y').data(), 70'000) : sink.done();
      return true;
    });
  });
  server.Get("/both", [](const Request&, Response& response) {
    response.set_content_provider(
        3, "text/plain", [](size_t, size_t, DataSink& sink) { return sink.write("abc", 3); });
    response.set_content("def", "text/plain");
  });
  server.Get("/throws", [](const Request&, Response& response) {
    response.set_content(std::string(100'000, 'z'), "text/plain");
    throw std::runtime_error("x");
  });
  server.set_error_handler([](const Request&, Response& response) {
    if (response.status == 404) response.set_content(std::string(90'000, 'e'), "text/plain");
  });
}

}  // namespace spandrel::httplib_test
