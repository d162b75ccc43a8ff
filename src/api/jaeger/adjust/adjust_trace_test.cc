// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/adjust/adjust_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "conformance/test_spans.h"
#include "span/span_view.h"
#include "wire/jaeger/jaeger_model.h"
#include "wire/otlp/otlp.h"

namespace spandrel::api {
namespace {

using conformance::SpanIdOf;
using conformance::TestSpan;
using span::SpanKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TestSpan Span(uint64_t id, uint64_t parent, SpanKind kind, std::string service, std::string name) {
  TestSpan span;
  span.span = id;
  span.parent = parent;
  span.kind = kind;
  span.service = std::move(service);
  span.name = std::move(name);
  return span;
}

// What the index of a batch says of each span, with its message.
std::multiset<std::string> IndexOf(const span::SpanBatch& trace) {
  std::multiset<std::string> spans;
  span::ForEachSpan(trace, [&](const span::SpanRef& ref) {
    spans.insert(ref.entry().span_id.ToHex() + ref.entry().parent_span_id.ToHex() +
                 std::string(ref.name()) + '|' + std::string(ref.service_name()) + '|' +
                 std::string(ref.message()));
  });
  return spans;
}

// Adjusted, and checked to be OTLP that says what its index says.
span::SpanBatch Adjust(const std::vector<TestSpan>& spans) {
  const storage::QueryContext context;
  auto adjusted = AdjustTrace(context, conformance::MakeBatch(spans));
  EXPECT_TRUE(adjusted.ok());
  const auto again =
      wire::DecodeOtlpProtobuf(base::MakeSharedBytes(wire::EncodeOtlpProtobuf(*adjusted)));
  EXPECT_TRUE(again.ok());
  EXPECT_EQ(IndexOf(*adjusted), IndexOf(span::SpanBatch(again->chunk)));
  return *std::move(adjusted);
}

// The names of spans with those of their parents.
std::map<std::string, std::string> Parents(const span::SpanBatch& trace) {
  std::map<span::SpanId, std::string> names;
  span::ForEachSpan(trace, [&](const span::SpanRef& ref) {
    EXPECT_TRUE(names.emplace(ref.entry().span_id, ref.name()).second) << ref.name();
  });
  std::map<std::string, std::string> parents;
  span::ForEachSpan(trace, [&](const span::SpanRef& ref) {
    parents[std::string(ref.name())] = names[ref.entry().parent_span_id];
  });
  return parents;
}

TEST(AdjustTraceTest, WhatNeedsNothingIsTheSame) {
  const span::SpanBatch trace =
      conformance::MakeBatch({Span(1, 0, SpanKind::kServer, "shop", "buy"),
                              Span(2, 1, SpanKind::kClient, "shop", "call")});
  const storage::QueryContext context;
  const auto adjusted = AdjustTrace(context, trace);
  EXPECT_EQ(adjusted->chunks(), trace.chunks());
}

TEST(AdjustTraceTest, ClientAndServerOfOneIdAreSeparate) {
  const auto trace = Adjust({Span(1, 0, SpanKind::kServer, "shop", "buy"),
                             Span(2, 1, SpanKind::kClient, "shop", "call"),
                             Span(2, 1, SpanKind::kServer, "stock", "serve"),
                             Span(3, 2, SpanKind::kInternal, "stock", "look up"),
                             Span(4, 2, SpanKind::kInternal, "shop", "connect"),
                             Span(5, 2, SpanKind::kServer, "cache", "elsewhere")});
  EXPECT_THAT(Parents(trace), ElementsAre(Pair("buy", ""), Pair("call", "buy"),
                                          Pair("connect", "call"), Pair("elsewhere", "serve"),
                                          Pair("look up", "serve"), Pair("serve", "call")));
  std::vector<std::string> warnings;
  span::ForEachSpan(trace, [&](const span::SpanRef& ref) {
    for (auto& warning : wire::ToJaegerSpan(ref).warnings) warnings.push_back(std::move(warning));
  });
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("0000000000000002")));
}

// A client that tried twice.
TEST(AdjustTraceTest, SeveralServersOfOneIdAreSeparate) {
  const auto trace = Adjust(
      {Span(1, 0, SpanKind::kClient, "shop", "call"), Span(1, 0, SpanKind::kServer, "a", "first"),
       Span(1, 0, SpanKind::kServer, "b", "second"), Span(2, 1, SpanKind::kInternal, "b", "work")});
  EXPECT_THAT(Parents(trace), ElementsAre(Pair("call", ""), Pair("first", "call"),
                                          Pair("second", "call"), Pair("work", "second")));
}

TEST(AdjustTraceTest, NewIdsAreNew) {
  const uint64_t last = UINT64_MAX;
  const auto trace = Adjust(
      {Span(last, 0, SpanKind::kClient, "shop", "call"), Span(last, 0, SpanKind::kServer, "a", "x"),
       Span(1, last, SpanKind::kInternal, "a", "y"), Span(2, last, SpanKind::kInternal, "a", "z")});
  EXPECT_EQ(Parents(trace).size(), 4U);
}

TEST(AdjustTraceTest, SpansOfOneIdThatAreNoCallStay) {
  const auto spans = {Span(1, 0, SpanKind::kServer, "a", "x"),
                      Span(1, 0, SpanKind::kServer, "b", "y")};
  std::set<span::SpanId> ids;
  span::ForEachSpan(Adjust(spans),
                    [&](const span::SpanRef& ref) { ids.insert(ref.entry().span_id); });
  EXPECT_THAT(ids, ElementsAre(SpanIdOf(1)));
}

TEST(AdjustTraceTest, AddressesAreTexts) {
  TestSpan span = Span(1, 0, SpanKind::kServer, "shop", "buy");
  span.attributes = {
      {"ip", int64_t{0x7f000001}}, {"peer.ipv4", int64_t{-1}}, {"port", int64_t{80}}};
  std::map<std::string, std::string> texts;
  span::ForEachSpan(Adjust({span}), [&](const span::SpanRef& ref) {
    span::AttributeReader attributes = ref.span().attributes();
    while (const auto attribute = attributes.Next()) {
      texts[std::string(attribute->key)] = attribute->value.ToText();
    }
  });
  EXPECT_THAT(texts, ElementsAre(Pair("ip", "127.0.0.1"), Pair("peer.ipv4", "255.255.255.255"),
                                 Pair("port", "80")));
}

TEST(AdjustTraceTest, WhatIsSaidOfTheSdkGoesToTheResource) {
  TestSpan span = Span(1, 0, SpanKind::kServer, "shop", "buy");
  span.attributes = {{"telemetry.sdk.name", std::string("one")},
                     {"telemetry.sdk.language", std::string("cpp")}};
  span.resource_attributes = {{"telemetry.sdk.name", std::string("other")}};
  span::ForEachSpan(Adjust({span}), [&](const span::SpanRef& ref) {
    const auto of_resource = [&](std::string_view key) {
      return span::FindAttribute(ref.resource().attributes(), key)->ToText();
    };
    EXPECT_EQ(of_resource("telemetry.sdk.language"), "cpp");
    EXPECT_EQ(of_resource("telemetry.sdk.name"), "other");
    const auto own = ref.span().attributes();
    EXPECT_FALSE(span::FindAttribute(own, "telemetry.sdk.language"));
    EXPECT_EQ(span::FindAttribute(own, "telemetry.sdk.name")->ToText(), "one");
    EXPECT_THAT(wire::ToJaegerSpan(ref).warnings, ElementsAre(HasSubstr("telemetry.sdk.name")));
  });
}

TEST(AdjustTraceTest, WithoutMemoryItIsNotDone) {
  base::ByteBudget budget(16);
  const storage::QueryContext context(storage::QueryOptions{.memory = &budget});
  const auto adjusted =
      AdjustTrace(context, conformance::MakeBatch({Span(1, 0, SpanKind::kClient, "shop", "call"),
                                                   Span(1, 0, SpanKind::kServer, "a", "serve")}));
  EXPECT_EQ(adjusted.status().code(), base::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace spandrel::api
