// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/jaeger_propagator.h"

#include <gtest/gtest.h>

#include <random>

#include "opentelemetry/trace/propagation/jaeger.h"
#include "sdk/propagation/header/baggage_header.h"
#include "sdk/testing/carrier.h"

namespace spandrel::sdk {
namespace {

namespace trace_api = opentelemetry::trace;

constexpr char kTrace[] = "80f198ee56343ba864fe8b2a57d3eff7";
constexpr char kSpan[] = "e457b5a2e4d86bd1";
const std::string kIds = std::string(kTrace) + ":" + kSpan;

trace_api::SpanContext Extract(const std::string& header) {
  return ExtractSpan(JaegerPropagator(), {{"uber-trace-id", header}});
}

TEST(JaegerTest, ReadsTheHeader) {
  struct {
    std::string header;
    bool sampled;
  } const cases[] = {{kIds + ":0:1", true},
                     {kIds + ":0:01", true},
                     {kIds + ":05e3ac9a4f6e3b90:0", false},
                     {kIds + ":0:2", true},
                     {kIds + ":0:3", true},
                     {kIds + ":0:f4", false},
                     {std::string(kTrace) + "%3A" + kSpan + "%3a0%3A1", true},
                     {"80F198EE56343BA864FE8B2A57D3EFF7:E457B5A2E4D86BD1:0:1", true}};
  for (const auto& test : cases) {
    const auto span = Extract(test.header);
    EXPECT_EQ(TraceIdOf(span), kTrace) << test.header;
    EXPECT_EQ(SpanIdOf(span), kSpan) << test.header;
    EXPECT_EQ(span.IsSampled(), test.sampled) << test.header;
    EXPECT_TRUE(span.IsRemote());
  }
}

TEST(JaegerTest, FillsUpShortIds) {
  const auto span = Extract("abc:1:0:1");
  EXPECT_EQ(TraceIdOf(span), std::string(29, '0') + "abc");
  EXPECT_EQ(SpanIdOf(span), std::string(15, '0') + "1");
}

TEST(JaegerTest, MalformedHeadersStartANewTrace) {
  const std::string bad[] = {":",
                             ":::",
                             "1:2:3",
                             "1:2:3:",
                             "1:2::1",
                             "1::0:1",
                             ":2:0:1",
                             "0:2:0:1",
                             "1:0:0:1",
                             "1:2:0:1:",
                             "1:2:0:1:1",
                             "1:2:0:111",
                             "1:2:0:g",
                             "1:2:x:1",
                             "x:2:0:1",
                             " 1:2:0:1",
                             "1:2:0:1,1:2:0:1",
                             "1%2:0:1",
                             "1%3B2:0:1",
                             "1%3",
                             "0" + kIds + ":0:1",
                             std::string(kTrace) + ":0" + kSpan + ":0:1",
                             std::string(1 << 20, ':'),
                             std::string(1 << 20, '1')};
  const DropsSince drops(PropagationDrop::kMalformedSpan);
  for (const std::string& header : bad) {
    EXPECT_FALSE(Extract(header).IsValid()) << header.substr(0, 80);
  }
  EXPECT_EQ(drops.count(), std::size(bad));
}

TEST(JaegerTest, CarriesTheContextThrough) {
  for (const char* flags : {"00", "01", "03"}) {
    const Headers headers = {{"uber-trace-id", kIds + ":0:" + flags}};
    EXPECT_EQ(InjectContext(JaegerPropagator(), ExtractContext(JaegerPropagator(), headers)),
              headers);
  }
  EXPECT_TRUE(InjectContext(JaegerPropagator(), {}).empty());
}

TEST(JaegerTest, AgreesWithTheOfficialPropagator) {
  std::mt19937_64 random(11);
  opentelemetry::trace::propagation::JaegerPropagator official;
  for (int i = 0; i < 500; ++i) {
    char header[80];
    std::snprintf(header, sizeof(header), "%lx%016lx:%lx:0:%x", random() >> (i % 64), random(),
                  (random() >> (i % 63)) | 1, static_cast<unsigned>(random() & 1));
    EXPECT_TRUE(Extract(header) == ExtractSpan(official, {{"uber-trace-id", header}})) << header;
    const auto context = ExtractContext(JaegerPropagator(), {{"uber-trace-id", header}});
    EXPECT_EQ(InjectContext(JaegerPropagator(), context), InjectContext(official, context));
  }
}

TEST(JaegerTest, ReadsBaggage) {
  const auto context = ExtractContext(JaegerPropagator(), {{"uberctx-user", "a%20b+c%C3%A4"},
                                                           {"Uberctx-Region", "EU;west"},
                                                           {"uberctx-", "no key"},
                                                           {"uberct-x", "no"}});
  EXPECT_EQ(PairsOf(context), (BaggagePairs{{"region", "EU;west"}, {"user", "a b c\xC3\xA4"}}));
}

TEST(JaegerTest, DropsBadBaggage) {
  const DropsSince drops(PropagationDrop::kMalformedBaggage);
  const auto context = ExtractContext(JaegerPropagator(), {{"uberctx-a", "%4"},
                                                           {"uberctx-b", "%zz"},
                                                           {"uberctx-c", "%00"},
                                                           {"uberctx-d", "line\nbreak"},
                                                           {"uberctx-e", "\xC3"},
                                                           {"uberctx-f g", "key"},
                                                           {"uberctx-h", "fine"}});
  EXPECT_EQ(PairsOf(context), (BaggagePairs{{"h", "fine"}}));
  EXPECT_EQ(drops.count(), 6u);
}

TEST(JaegerTest, BaggageHasOneBudgetForAllHeaders) {
  Headers many;
  for (int i = 0; i < 1000; ++i) many["uberctx-k" + std::to_string(i)] = "v";
  EXPECT_EQ(PairsOf(ExtractContext(JaegerPropagator(), many)).size(), kMaxBaggageMembers);

  Headers big;
  for (int i = 0; i < 80; ++i) big["uberctx-" + std::to_string(100 + i)] = std::string(8000, 'v');
  const DropsSince drops(PropagationDrop::kBaggageOverLimit);
  EXPECT_EQ(PairsOf(ExtractContext(JaegerPropagator(), big)).size(), 1u);
  EXPECT_EQ(drops.count(), 79u);
}

TEST(JaegerTest, WritesBaggage) {
  using opentelemetry::baggage::Baggage;
  opentelemetry::context::Context empty;
  const auto baggage = Baggage::GetDefault()->Set("user", "a b/c;ttl=5")->Set("bad key", "x");
  const auto context = opentelemetry::baggage::SetBaggage(empty, baggage);
  const DropsSince unsendable(PropagationDrop::kUnsendableBaggage);
  EXPECT_EQ(InjectContext(JaegerPropagator(), context), (Headers{{"uberctx-user", "a%20b%2Fc"}}));
  EXPECT_EQ(unsendable.count(), 1u);
}

TEST(JaegerTest, WritesNoMoreBaggageThanItReads) {
  using opentelemetry::baggage::Baggage;
  BaggagePairs pairs;
  for (int i = 0; i < 100; ++i) pairs.emplace_back("k" + std::to_string(i), std::string(100, '/'));
  opentelemetry::context::Context empty;
  const auto context = opentelemetry::baggage::SetBaggage(
      empty, opentelemetry::nostd::shared_ptr<Baggage>(new Baggage(pairs)));
  size_t bytes = 0;
  const Headers headers = InjectContext(JaegerPropagator(), context);
  for (const auto& [name, value] : headers) bytes += name.size() - 8 + value.size();
  EXPECT_LE(bytes, kMaxBaggageBytes);
  EXPECT_EQ(headers.size(), kMaxBaggageBytes / 303);
}

}  // namespace
}  // namespace spandrel::sdk
