// SPDX-License-Identifier: Apache-2.0
// ServerSpan and its options, without a server: requests are header blocks.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "instrument/testing/recording.h"
#include "opentelemetry/trace/tracer.h"

namespace spandrel::instrument {
namespace {

using http::RawHeaders;
using http::ServerSpan;
using Texts = std::map<std::string, std::string>;

constexpr char kParent[] =
    "Host: shop.example:8080\r\n"
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";

http::ServerRequest Get(std::string_view target) {
  http::ServerRequest request;
  request.method = "GET";
  request.target = target;
  request.peer_address = "192.0.2.9";
  return request;
}

class ServerSpanTest : public testing::Test {
 protected:
  // The span of a request that was answered with 200.
  Span Serve(const http::Options& options, const http::ServerRequest& request,
             std::string_view headers = "") {
    ServerSpan(http::Instrumentation(options), request, RawHeaders(headers)).SetStatusCode(200);
    return recording_.OnlyOne();
  }

  Recording recording_;
  http::Options options_ = recording_.options();
};

TEST_F(ServerSpanTest, ContinuesTheCallersTrace) {
  const Span span = Serve(options_, Get("/a"), kParent);
  EXPECT_EQ(span.kind(), Span::SPAN_KIND_SERVER);
  EXPECT_EQ(span.parent_span_id(), std::string("\x00\xf0\x67\xaa\x0b\xa9\x02\xb7", 8));
  EXPECT_EQ(Attributes(span)["server.address"], "shop.example");
  EXPECT_EQ(Attributes(span)["server.port"], "8080");
}

TEST_F(ServerSpanTest, IsCurrentUntilItEnds) {
  const http::Instrumentation tracing(options_);
  ServerSpan span(tracing, Get("/"), RawHeaders(kParent));
  const auto current = [] { return opentelemetry::trace::Tracer::GetCurrentSpan()->GetContext(); };
  EXPECT_EQ(current().span_id(), span.span()->GetContext().span_id());
  span.End();
  EXPECT_FALSE(current().IsValid());
  span.End();
  EXPECT_EQ(recording_.Spans().size(), 1u);
}

TEST_F(ServerSpanTest, IsNotCurrentWithoutActivation) {
  const http::Instrumentation tracing(options_);
  const ServerSpan span(tracing, Get("/"), RawHeaders(kParent), http::Activation::kNone);
  EXPECT_FALSE(opentelemetry::trace::Tracer::GetCurrentSpan()->GetContext().IsValid());
  const opentelemetry::context::Context& context = span.context();
  EXPECT_TRUE(context.HasKey(opentelemetry::trace::kSpanKey));
}

TEST_F(ServerSpanTest, FilteredRequestsHaveNoSpan) {
  namespace filter = http::filter;
  options_.filter = filter::Not(filter::Any(filter::Path("/healthz"), filter::Method("OPTIONS")));
  const http::Instrumentation tracing(options_);
  ServerSpan span(tracing, Get("/healthz?x"), RawHeaders(kParent));
  EXPECT_FALSE(span.recording());
  EXPECT_FALSE(span.span()->GetContext().IsValid());
  EXPECT_FALSE(opentelemetry::trace::Tracer::GetCurrentSpan()->GetContext().IsValid());
  span.SetRoute("/healthz");
  span.RecordException(std::runtime_error("x"));
  span.SetError("timeout");
  span.AddRead(1);
  span.SetStatusCode(500);
  span.End();
  EXPECT_TRUE(recording_.Spans().empty());
}

TEST_F(ServerSpanTest, FormatterNamesBeforeAndAfterRouting) {
  std::vector<std::string> seen;
  options_.span_name = [&seen](const http::NameParts& parts) {
    seen.emplace_back(parts.route);
    return "my " + std::string(parts.method) + " " + std::string(parts.target) + " " +
           std::string(parts.route);
  };
  {
    const http::Instrumentation tracing(options_);
    ServerSpan span(tracing, Get("/users/1"), RawHeaders(""));
    span.SetRoute("/users/:id");
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"", "/users/:id"}));
  EXPECT_EQ(recording_.OnlyOne().name(), "my GET /users/1 /users/:id");
}

TEST_F(ServerSpanTest, ARouteKnownEarlyIsThereFromTheStart) {
  http::ServerRequest request = Get("/users/1");
  request.route = "/users/:id";
  const Span span = Serve(options_, request);
  EXPECT_EQ(span.name(), "GET /users/:id");
  EXPECT_EQ(Attributes(span)["http.route"], "/users/:id");
}

TEST_F(ServerSpanTest, StrangersAreLinkedAndNotContinued) {
  options_.public_endpoint = http::filter::Not(http::filter::PeerIn({"10.0.0.0/8"}));
  const Span span = Serve(options_, Get("/"), kParent);
  EXPECT_EQ(span.parent_span_id(), "");
  ASSERT_EQ(span.links_size(), 1);
  EXPECT_EQ(span.links(0).span_id(), std::string("\x00\xf0\x67\xaa\x0b\xa9\x02\xb7", 8));
  EXPECT_NE(span.links(0).trace_id(), span.trace_id());
}

TEST_F(ServerSpanTest, FriendsAreContinued) {
  options_.public_endpoint = http::filter::Not(http::filter::PeerIn({"192.0.2.0/24"}));
  const Span span = Serve(options_, Get("/"), kParent);
  EXPECT_NE(span.parent_span_id(), "");
  EXPECT_EQ(span.links_size(), 0);
}

TEST_F(ServerSpanTest, CapturesHeadersAndHidesSecrets) {
  setenv("OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS", "X-Tenant, Accept", 1);
  setenv("OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS", "Content-Type", 1);
  options_.captured_request_headers = {"Authorization", "x-tenant", "Absent"};
  options_.captured_response_headers = {"Set-Cookie"};
  const http::Instrumentation tracing(options_);
  unsetenv("OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS");
  unsetenv("OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS");
  {
    ServerSpan span(tracing, Get("/"),
                    RawHeaders("authorization: Bearer x\r\nX-TENANT: a\r\nx-tenant: b\r\n"
                               "Accept: text/html\r\nCookie: c\r\n"));
    span.SetResponseHeaders(RawHeaders("Set-Cookie: secret\r\nContent-Type: text/plain\r\n"));
  }
  Texts attributes = Attributes(recording_.OnlyOne());
  EXPECT_EQ(attributes["http.request.header.authorization"], "REDACTED");
  EXPECT_EQ(attributes["http.request.header.x-tenant"], "a,b");
  EXPECT_EQ(attributes["http.request.header.accept"], "text/html");
  EXPECT_EQ(attributes["http.response.header.set-cookie"], "REDACTED");
  EXPECT_EQ(attributes["http.response.header.content-type"], "text/plain");
  EXPECT_EQ(attributes.count("http.request.header.absent"), 0u);
  EXPECT_EQ(attributes.count("http.request.header.cookie"), 0u);
}

TEST_F(ServerSpanTest, SensitiveParametersAreReplaced) {
  options_.sensitive_query_parameters = {"token"};
  EXPECT_EQ(Attributes(Serve(options_, Get("/?token=x&sig=y")))["url.query"],
            "token=REDACTED&sig=y");
}

TEST_F(ServerSpanTest, TheServersNameOverridesHost) {
  options_.server_name = "api.example:8443";
  Texts attributes = Attributes(Serve(options_, Get("/"), kParent));
  EXPECT_EQ(attributes["server.address"], "api.example");
  EXPECT_EQ(attributes["server.port"], "8443");
}

TEST_F(ServerSpanTest, ForwardedIsBelieved) {
  Texts attributes = Attributes(Serve(
      options_, Get("/"),
      "Forwarded: for=\"[2001:db8::1]:4711\";proto=https;host=shop.example\r\nHost: inner\r\n"));
  EXPECT_EQ(attributes["client.address"], "2001:db8::1");
  EXPECT_EQ(attributes["url.scheme"], "https");
  EXPECT_EQ(attributes["server.address"], "shop.example");
  EXPECT_EQ(attributes["server.port"], "443");
}

TEST_F(ServerSpanTest, ForwardedIsNotBelievedWhenToldSo) {
  options_.trust_forwarded = false;
  Texts attributes = Attributes(
      Serve(options_, Get("/"), "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"));
  EXPECT_EQ(attributes["client.address"], "192.0.2.9");
  EXPECT_EQ(attributes["url.scheme"], "http");
}

TEST_F(ServerSpanTest, ASchemeThatIsNoneIsNotTaken) {
  EXPECT_EQ(Attributes(Serve(options_, Get("/"), "X-Forwarded-Proto: gopher\r\n"))["url.scheme"],
            "http");
}

TEST_F(ServerSpanTest, KnownMethodsCanBeReplaced) {
  options_.known_methods = {"BREW"};
  http::ServerRequest request = Get("/");
  request.method = "BREW";
  EXPECT_EQ(Serve(options_, request).name(), "BREW");
}

TEST_F(ServerSpanTest, KnownMethodsComeFromTheEnvironment) {
  setenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "BREW, WHEN", 1);
  const http::Instrumentation tracing(options_);
  unsetenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS");
  { const ServerSpan span(tracing, Get("/"), RawHeaders("")); }
  const Span span = recording_.OnlyOne();
  EXPECT_EQ(span.name(), "HTTP");
  EXPECT_EQ(Attributes(span)["http.request.method"], "_OTHER");
  EXPECT_EQ(Attributes(span)["http.request.method_original"], "GET");
}

TEST_F(ServerSpanTest, StartsWhenTheRequestArrived) {
  http::ServerRequest request = Get("/");
  request.start = std::chrono::steady_clock::now() - std::chrono::seconds(5);
  const Span span = Serve(options_, request);
  EXPECT_GE(span.end_time_unix_nano() - span.start_time_unix_nano(), 5'000'000'000u);
}

TEST_F(ServerSpanTest, TellsAboutBodies) {
  options_.body_sizes = true;
  options_.read_events = true;
  options_.write_events = true;
  {
    const http::Instrumentation tracing(options_);
    ServerSpan span(tracing, Get("/"), RawHeaders(""));
    span.AddRead(10);
    span.AddRead(20);
    span.AddWritten(5);
  }
  const Span span = recording_.OnlyOne();
  EXPECT_EQ(Attributes(span)["http.request.body.size"], "30");
  EXPECT_EQ(Attributes(span)["http.response.body.size"], "5");
  EXPECT_EQ(EventNames(span), (std::vector<std::string>{"read", "read", "write"}));
  EXPECT_EQ(ToMap(span.events(1).attributes())["http.read_bytes"], "20");
  EXPECT_EQ(ToMap(span.events(2).attributes())["http.wrote_bytes"], "5");
}

TEST_F(ServerSpanTest, InterimAnswersDoNotCount) {
  const http::Instrumentation tracing(options_);
  {
    ServerSpan span(tracing, Get("/"), RawHeaders(""));
    span.SetStatusCode(204);
    span.SetStatusCode(103);
  }
  EXPECT_EQ(Attributes(recording_.OnlyOne())["http.response.status_code"], "204");
}

TEST_F(ServerSpanTest, SwitchingProtocolsCounts) {
  const http::Instrumentation tracing(options_);
  ServerSpan(tracing, Get("/"), RawHeaders("")).SetStatusCode(101);
  EXPECT_EQ(Attributes(recording_.OnlyOne())["http.response.status_code"], "101");
}

TEST_F(ServerSpanTest, AnExceptionWithoutAnswerIsAnError) {
  const http::Instrumentation tracing(options_);
  {
    ServerSpan span(tracing, Get("/"), RawHeaders(""));
    try {
      throw std::vector<int>();
    } catch (...) {
      span.RecordCurrentException();
    }
  }
  const Span span = recording_.OnlyOne();
  EXPECT_EQ(span.status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(span)["error.type"], "std::vector<int, std::allocator<int> >");
}

TEST_F(ServerSpanTest, AnAnswerThatCouldNotBeSentIsAnError) {
  const http::Instrumentation tracing(options_);
  {
    ServerSpan span(tracing, Get("/"), RawHeaders(""));
    span.SetStatusCode(200);
    span.SetError("connection_lost", "broken pipe");
  }
  const Span span = recording_.OnlyOne();
  EXPECT_EQ(span.status().message(), "broken pipe");
  EXPECT_EQ(Attributes(span)["error.type"], "connection_lost");
}

// As a function that throws out of the middle of an answer leaves it.
TEST_F(ServerSpanTest, AnExceptionThatLeavesTheScopeIsAnError) {
  const http::Instrumentation tracing(options_);
  try {
    ServerSpan span(tracing, Get("/"), RawHeaders(""));
    span.SetStatusCode(200);
    throw std::runtime_error("broken pipe");
  } catch (const std::runtime_error&) {
    // One that is made and ends meanwhile has nothing to do with it.
    ServerSpan(tracing, Get("/other"), RawHeaders("")).SetStatusCode(200);
  }
  const std::vector<Span> spans = recording_.Spans();
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].status().code(), Status::STATUS_CODE_ERROR);
  EXPECT_EQ(Attributes(spans[0])["error.type"], "_OTHER");
  EXPECT_EQ(Attributes(spans[0])["http.response.status_code"], "200");
  EXPECT_EQ(spans[1].status().code(), Status::STATUS_CODE_UNSET);
}

// What clients of proxies send (RFC 9112, 3.2.2).
TEST_F(ServerSpanTest, AnAbsoluteTargetIsTakenApart) {
  options_.filter = http::filter::Path("/a");
  const Span span = Serve(options_, Get("http://me:secret@shop.example:81/a?b=c"), kParent);
  Texts attributes = Attributes(span);
  EXPECT_EQ(attributes["url.path"], "/a");
  EXPECT_EQ(attributes["url.query"], "b=c");
  EXPECT_EQ(attributes["url.scheme"], "http");
  EXPECT_EQ(attributes["server.address"], "shop.example");
  EXPECT_EQ(attributes["server.port"], "81");
  for (const auto& [key, value] : attributes) EXPECT_EQ(value.find("secret"), value.npos) << key;
}

TEST_F(ServerSpanTest, AConnectRequestHasNoPath) {
  http::ServerRequest request = Get("shop.example:443");
  request.method = "CONNECT";
  EXPECT_EQ(Attributes(Serve(options_, request)).count("url.path"), 0u);
}

TEST_F(ServerSpanTest, FixedAttributesAreOnEverySpan) {
  options_.attributes = {{"deployment.slot", "blue"}};
  EXPECT_EQ(Attributes(Serve(options_, Get("/")))["deployment.slot"], "blue");
}

}  // namespace
}  // namespace spandrel::instrument
