// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/trace_context_propagator.h"

#include <gtest/gtest.h>

#include <random>

#include "opentelemetry/trace/default_span.h"
#include "opentelemetry/trace/propagation/http_trace_context.h"
#include "sdk/testing/carrier.h"
#include "wire/w3c/trace_context.h"

namespace spandrel::sdk {
namespace {

namespace trace_api = opentelemetry::trace;

constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

trace_api::SpanContext Extract(Headers headers) {
  return ExtractSpan(TraceContextPropagator(), std::move(headers));
}

std::string ExtractTraceState(const std::string& header) {
  const auto span = Extract({{"traceparent", kParent}, {"tracestate", header}});
  EXPECT_TRUE(span.IsValid());
  return span.trace_state()->ToHeader();
}

Headers Inject(const trace_api::SpanContext& span) {
  opentelemetry::context::Context empty;
  return InjectContext(TraceContextPropagator(),
                       trace_api::SetSpan(empty, opentelemetry::nostd::shared_ptr<trace_api::Span>(
                                                     new trace_api::DefaultSpan(span))));
}

TEST(TraceContextPropagatorTest, CarriesAContextThrough) {
  const Headers headers = {{"traceparent", kParent}, {"tracestate", "foo=1,bar=2"}};
  const auto span = Extract(headers);
  EXPECT_TRUE(span.IsRemote());
  EXPECT_TRUE(span.IsSampled());
  EXPECT_EQ(Inject(span), headers);
  EXPECT_EQ(
      InjectContext(TraceContextPropagator(), ExtractContext(TraceContextPropagator(), headers)),
      headers);
}

TEST(TraceContextPropagatorTest, CarriesEveryKeyThrough) {
  TraceContextPropagator propagator;
  const Headers headers = {
      {"traceparent", kParent},
      {"tracestate", "foo@=1,a@@b=2,a@b@c=3," + std::string(242, 't') + "@v=4"}};
  EXPECT_EQ(InjectContext(propagator, ExtractContext(propagator, headers)), headers);
}

TEST(TraceContextPropagatorTest, MalformedParentsStartANewTrace) {
  const std::string good = kParent;
  const std::string bad[] = {"00-0-0-01",
                             good + "x",
                             good + "-",
                             good + "," + good,
                             "ff" + good.substr(2),
                             "0" + good.substr(2),
                             good.substr(0, 54),
                             "00-0AF7651916CD43DD8448EB211C80319C" + good.substr(35),
                             "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                             "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                             "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
                             std::string(1 << 20, '0')};
  const DropsSince drops(PropagationDrop::kMalformedSpan);
  for (const std::string& header : bad) {
    EXPECT_FALSE(Extract({{"traceparent", header}}).IsValid()) << header.substr(0, 80);
  }
  EXPECT_EQ(drops.count(), std::size(bad));
  EXPECT_FALSE(Extract({}).IsValid());
  EXPECT_FALSE(Extract({{"tracestate", "foo=1"}}).IsValid());
  EXPECT_EQ(drops.count(), std::size(bad));
}

TEST(TraceContextPropagatorTest, MalformedStatesAreTreatedAsAbsent) {
  const DropsSince drops(PropagationDrop::kMalformedTraceState);
  EXPECT_EQ(ExtractTraceState("A=,"), "");
  EXPECT_EQ(ExtractTraceState("foo=1,bar"), "");
  EXPECT_EQ(drops.count(), 2u);
}

TEST(TraceContextPropagatorTest, LooseStatesAreTidied) {
  EXPECT_EQ(ExtractTraceState(" foo=1 ,, bar=2,"), "foo=1,bar=2");
  EXPECT_EQ(ExtractTraceState(" ,"), "");
}

TEST(TraceContextPropagatorTest, ManyAndHugeStatesAreBounded) {
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "k" + std::to_string(i) + "=v,";
  EXPECT_EQ(ExtractTraceState(many), "");
  EXPECT_EQ(ExtractTraceState(std::string(1 << 20, ',')), "");
  EXPECT_EQ(ExtractTraceState(std::string(1 << 20, 'a') + "=1"), "");
  std::string large;
  for (int i = 0; i < 32; ++i) large += "k" + std::to_string(i) + "=" + std::string(200, 'v') + ",";
  EXPECT_LE(ExtractTraceState(large).size(), wire::kMaxTraceStateKept);
}

TEST(TraceContextPropagatorTest, WritesNothingWithoutASpan) {
  EXPECT_TRUE(Inject(trace_api::SpanContext::GetInvalid()).empty());
  EXPECT_TRUE(InjectContext(TraceContextPropagator(), {}).empty());
}

TEST(TraceContextPropagatorTest, FlagsOfLevelTwoAreKept) {
  const std::string ids = std::string(kParent).substr(0, 53);
  for (const char* flags : {"00", "01", "02", "03"}) {
    const Headers headers = {{"traceparent", ids + flags}};
    EXPECT_EQ(Inject(Extract(headers)), headers);
  }
  EXPECT_EQ(Inject(Extract({{"traceparent", ids + "fe"}})), (Headers{{"traceparent", ids + "02"}}));
}

TEST(TraceContextPropagatorTest, RandomContextsComeThrough) {
  std::mt19937_64 random(5);
  opentelemetry::trace::propagation::HttpTraceContext official;
  for (int i = 0; i < 500; ++i) {
    char parent[64];
    std::snprintf(parent, sizeof(parent), "00-%016lx%016lx-%016lx-0%d", random() | 1, random(),
                  random() | 1, static_cast<int>(random() & 3));
    const Headers headers = {{"traceparent", parent}};
    EXPECT_EQ(Inject(Extract(headers)), headers);
    EXPECT_TRUE(Extract(headers) == ExtractSpan(official, headers)) << parent;
  }
}

// A member that is mostly well-formed, its at sign as the official parser has it.
std::string RandomMember(std::mt19937& random) {
  static constexpr char kKeys[] = "abcxyz019_-*/";
  static constexpr char kValues[] = "aZ09 !~+-:;";
  std::string member(1, "az09A_"[random() % 60 / 10 % 6]);
  for (unsigned size = random() % 6; size-- > 0;) member += kKeys[random() % (sizeof(kKeys) - 1)];
  if (random() % 8 == 0) member += "@t" + std::string(random() % 14, 'v');
  if (random() % 40 == 0) member += "\x7f";
  if (random() % 40 != 0) member += '=';
  for (unsigned size = random() % 9; size-- > 0;) {
    member += kValues[random() % (sizeof(kValues) - 1)];
  }
  if (random() % 50 == 0) member += std::string(250 + random() % 10, 'v');
  if (random() % 60 == 0) member += "=";
  return member;
}

// The official parser, made of regular expressions, says the same about random headers that fit
// into what is sent on.
TEST(TraceContextPropagatorTest, AgreesWithTheOfficialTraceState) {
  std::mt19937 random(13);
  int well_formed = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string header;
    for (unsigned count = random() % 4 + (round % 50 == 0 ? 30 : 0); count-- > 0;) {
      if (!header.empty()) header += random() % 5 == 0 ? " , " : ",";
      header += RandomMember(random);
    }
    if (header.size() > wire::kMaxTraceStateKept) continue;
    const auto official = trace_api::TraceState::FromHeader(header);
    well_formed += official->Empty() ? 0 : 1;
    EXPECT_EQ(ExtractTraceState(header), official->ToHeader()) << header;
  }
  EXPECT_GT(well_formed, 300);
}

}  // namespace
}  // namespace spandrel::sdk
