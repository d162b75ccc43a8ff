// SPDX-License-Identifier: Apache-2.0
// Collectors that throttle, hang, break off, talk nonsense, or are not the right ones: the
// application never waits for them, every span is accounted for, and one line tells why.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "net/testing/certificates.h"
#include "net/testing/peer.h"
#include "net/testing/socket.h"
#include "opentelemetry/trace/tracer.h"
#include "sdk/testing/collector.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {
namespace {

using base::Status;
using base::StatusCode;
using net::testing::RawPeer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using Protocol = ExportOptions::Protocol;

void EndSpans(const Provider& provider, int count) {
  const auto tracer = provider.tracer_provider()->GetTracer("test");
  for (int i = 0; i < count; ++i) tracer->StartSpan("span", {{"number", i}})->End();
}

net::Response HttpError(int status, net::Headers headers = {}) {
  net::Response response;
  response.status = status;
  response.headers = std::move(headers);
  return response;
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Every test with a protocol runs over both.
class FaultTest : public testing::TestWithParam<Protocol> {
 protected:
  Options OptionsFor(const std::string& url) const {
    Options options;
    options.exporter.protocol = GetParam();
    options.exporter.endpoint = url;
    options.shutdown_timeout = milliseconds(100);
    return options;
  }

  // Spans end at once, flush and shutdown keep their deadlines, and the sums are right. Returns
  // what was told.
  std::string ExpectHarmless(const Options& options) const {
    testing::internal::CaptureStderr();
    Provider provider = MakeProvider(options);
    EndSpans(provider, 1'000);
    const auto start = steady_clock::now();
    EXPECT_FALSE(provider.ForceFlush(milliseconds(100)));
    for (int i = 0; i < 2; ++i) (void)provider.ForceFlush(milliseconds(100));
    EndSpans(provider, 10);
    (void)provider.Shutdown(milliseconds(100));
    EXPECT_LT(steady_clock::now() - start, seconds(10));
    const Stats stats = provider.stats();
    EXPECT_EQ(stats.ended, 1'010u);
    EXPECT_EQ(stats.exported, 0u);
    EXPECT_EQ(stats.dropped(), stats.ended);
    return testing::internal::GetCapturedStderr();
  }
};

INSTANTIATE_TEST_SUITE_P(Protocols, FaultTest,
                         testing::Values(Protocol::kGrpc, Protocol::kHttpProtobuf),
                         [](const auto& info) {
                           return info.param == Protocol::kGrpc ? "Grpc" : "Http";
                         });

TEST_P(FaultTest, APeerThatClosesAtOnce) {
  const RawPeer peer([](int, int) {});
  const std::string told = ExpectHarmless(OptionsFor(peer.url()));
  EXPECT_EQ(CountOf(told, "does not take them"), 1u) << told;
  EXPECT_NE(told.find(peer.url()), std::string::npos) << "which: " << told;
}

TEST_P(FaultTest, ABlackHole) {
  RawPeer* self = nullptr;
  RawPeer peer([&self](int fd, int) { self->Swallow(fd); });
  self = &peer;
  Options options = OptionsFor(peer.url());
  (void)ExpectHarmless(options);
  options.exporter.timeout = milliseconds(20);
  EXPECT_NE(ExpectHarmless(options).find("DEADLINE_EXCEEDED"), std::string::npos);
}

TEST_P(FaultTest, AConnectionThatIsHalfClosed) {
  RawPeer* self = nullptr;
  RawPeer peer([&self](int fd, int) {
    shutdown(fd, SHUT_WR);
    self->Swallow(fd);
  });
  self = &peer;
  (void)ExpectHarmless(OptionsFor(peer.url()));
}

TEST_P(FaultTest, GarbageForAnAnswer) {
  const RawPeer peer([](int fd, int number) {
    const char* const openings[] = {"HTTP/1.1 999 \r\n\r\n", "SSH-2.0-x\r\n", "\0\0\0", ""};
    RawPeer::Send(fd, openings[number % 4] + std::string(5'000, static_cast<char>(number * 37)));
  });
  (void)ExpectHarmless(OptionsFor(peer.url()));
}

TEST_P(FaultTest, AnEndlessAnswer) {
  const RawPeer peer([](int fd, int number) {
    const std::string piece(64 << 10, 'x');
    bool open =
        RawPeer::Send(fd, number % 2 == 0 ? "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n"
                                          : "HTTP/1.1 200 OK\r\nx: ");
    for (int i = 0; open && i < 256; ++i) open = RawPeer::Send(fd, piece);
  });
  (void)ExpectHarmless(OptionsFor(peer.url()));
}

TEST_P(FaultTest, ACollectorThatHangs) {
  Collector collector;
  collector.Hang();
  (void)ExpectHarmless(OptionsFor(collector.url()));
}

// Half of the connections break off after some bytes; all spans arrive all the same, some twice.
TEST_P(FaultTest, AFlappingPeer) {
  Collector collector;
  const std::string backend = collector.url().substr(7);
  RawPeer* self = nullptr;
  RawPeer proxy([&](int fd, int number) {
    net::testing::TestSocket to(*net::ParseEndpoint(backend));
    size_t left = number % 2 == 0 ? 3'000 : SIZE_MAX;
    std::thread back([&] {
      while (to.ReadSome() && RawPeer::Send(fd, std::exchange(to.received, {}))) {
      }
      shutdown(fd, SHUT_RDWR);
    });
    char buffer[1024];
    while (left > 0 && self->WaitToRead(fd)) {
      const ssize_t count = recv(fd, buffer, sizeof(buffer), 0);
      if (count <= 0 || !to.Send({buffer, static_cast<size_t>(count)})) break;
      left -= std::min(left, static_cast<size_t>(count));
    }
    to.FinishSending();
    shutdown(fd, SHUT_RDWR);
    back.join();
  });
  self = &proxy;
  Provider provider = MakeProvider(OptionsFor(proxy.url()));
  EndSpans(provider, 5'000);
  EXPECT_TRUE(provider.ForceFlush(seconds(30)));
  EXPECT_GE(collector.spans(), 5'000u);
  EXPECT_EQ(provider.stats().exported, 5'000u);
  EXPECT_GT(proxy.connections(), 1);
  EXPECT_TRUE(provider.Shutdown(seconds(5)));
}

TEST_P(FaultTest, ThrottlingIsObeyed) {
  Collector collector;
  collector.AnswerRpc([](int number) {
    Status status(StatusCode::kResourceExhausted, "slow down");
    status.set_retry_after(milliseconds(300));
    return number < 2 ? status : Status();
  });
  collector.AnswerHttp([](int number) {
    if (number == 0) return HttpError(429, {{"retry-after", "1"}});
    return number == 1 ? HttpError(503) : net::Response();
  });
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 10);
  const auto start = steady_clock::now();
  EXPECT_TRUE(provider.ForceFlush(seconds(30)));
  EXPECT_GE(steady_clock::now() - start, milliseconds(500));
  EXPECT_EQ(collector.calls(), 3);
  EXPECT_EQ(collector.spans(), 10u);
  EXPECT_EQ(provider.stats().dropped(), 0u);
}

// A delay of years is cut to the time for which spans are kept, and ends with the process.
TEST_P(FaultTest, ADelayOfYearsIsNotBelieved) {
  Collector collector;
  collector.AnswerRpc(
      [](int) { return Status::Unavailable("later", std::chrono::hours(1 << 20)); });
  collector.AnswerHttp([](int) { return HttpError(503, {{"retry-after", "99999999999999"}}); });
  (void)ExpectHarmless(OptionsFor(collector.url()));
}

TEST_P(FaultTest, WhatIsRefusedForGoodIsCountedAndTold) {
  Collector collector;
  collector.AnswerRpc([](int) { return Status(StatusCode::kUnauthenticated, "no token"); });
  collector.AnswerHttp([](int) { return HttpError(401); });
  testing::internal::CaptureStderr();
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  for (int i = 0; i < 3; ++i) {
    EndSpans(provider, 5);
    EXPECT_FALSE(provider.ForceFlush(seconds(20)));
  }
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(provider.stats().dropped_rejected, 15u);
  EXPECT_EQ(collector.calls(), 3);
  EXPECT_EQ(CountOf(told, "lost so far"), 1u) << told;
  EXPECT_NE(told.find(collector.url()), std::string::npos) << told;
  EXPECT_NE(told.find(GetParam() == Protocol::kGrpc ? "no token" : "401"), std::string::npos);
}

TEST_P(FaultTest, PartialSuccessIsCountedAndNotRepeated) {
  Collector collector;
  collector.reject_spans = 4;
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 10);
  EXPECT_FALSE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(provider.stats().dropped_rejected, 4u);
  EXPECT_EQ(provider.stats().exported, 6u);
  EXPECT_EQ(collector.calls(), 1);
}

TEST_P(FaultTest, GzipArrives) {
  Collector collector;
  Options options = OptionsFor(collector.url());
  options.exporter.compression = "gzip";
  Provider provider = MakeProvider(options);
  EndSpans(provider, 1'000);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.spans(), 1'000u);
}

TEST_P(FaultTest, TlsWithAnAuthorityAndACertificateOfOurOwn) {
  const net::testing::TestCertificates certificates;
  Collector collector(net::ServerTls{certificates.cert(), certificates.key(), certificates.ca()});
  Options options = OptionsFor(collector.url());
  options.exporter.ca_file = certificates.ca();
  options.exporter.cert_file = certificates.cert();
  options.exporter.key_file = certificates.key();
  Provider provider = MakeProvider(options);
  EndSpans(provider, 10);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.spans(), 10u);

  options.exporter.cert_file.clear();
  options.exporter.key_file.clear();
  (void)ExpectHarmless(options);
}

TEST_P(FaultTest, AWrongAuthorityIsToldOnce) {
  const net::testing::TestCertificates certificates;
  const net::testing::TestCertificates others;
  Collector collector(net::ServerTls{certificates.cert(), certificates.key(), ""});
  Options options = OptionsFor(collector.url());
  options.exporter.ca_file = others.ca();
  const std::string told = ExpectHarmless(options);
  EXPECT_EQ(CountOf(told, "does not take them"), 1u) << told;
  EXPECT_NE(told.find("certificate"), std::string::npos) << told;
}

TEST_P(FaultTest, FilesAndEndpointsThatAreNotThereAreTold) {
  Options options = OptionsFor("https://127.0.0.1:1");
  options.exporter.ca_file = "/no/such/ca.pem";
  EXPECT_NE(ExpectHarmless(options).find("/no/such/ca.pem"), std::string::npos);
  EXPECT_NE(ExpectHarmless(OptionsFor("ftp://x")).find("ftp://x"), std::string::npos);
  EXPECT_NE(ExpectHarmless(OptionsFor("http://no.such.host.invalid")).find("no.such.host"),
            std::string::npos);
}

TEST(FaultHttpTest, RetryAfterMayBeADate) {
  Collector collector;
  collector.AnswerHttp([](int number) {
    if (number > 0) return net::Response();
    return HttpError(503, {{"retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"}});
  });
  Options options;
  options.exporter.protocol = Protocol::kHttpProtobuf;
  options.exporter.endpoint = collector.url() + "/base/traces";
  Provider provider = MakeProvider(options);
  EndSpans(provider, 1);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.last_path(), "/base/traces");
}

// RESOURCE_EXHAUSTED without a delay means never.
TEST(FaultGrpcTest, ExhaustedWithoutADelayIsFinal) {
  Collector collector;
  collector.AnswerRpc([](int) { return Status(StatusCode::kResourceExhausted, "too large"); });
  Options options;
  options.exporter.endpoint = collector.url();
  Provider provider = MakeProvider(options);
  EndSpans(provider, 3);
  EXPECT_FALSE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.calls(), 1);
  EXPECT_EQ(provider.stats().dropped_rejected, 3u);
}

}  // namespace
}  // namespace spandrel::sdk
