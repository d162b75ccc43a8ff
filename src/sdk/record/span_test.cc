// SPDX-License-Identifier: Apache-2.0
// Spans made through the OpenTelemetry API, read back with the official OTLP classes.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/scope.h"
#include "opentelemetry/trace/trace_state.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/record/remote_span.h"
#include "sdk/testing/fake_collector.h"

namespace spandrel::sdk {
namespace {

namespace common = opentelemetry::common;
namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;
using otlp::common::v1::AnyValue;
using otlp::trace::v1::Span;
using SpanPtr = nostd::shared_ptr<trace_api::Span>;
using std::chrono::seconds;

class SpanTest : public testing::Test {
 protected:
  ~SpanTest() override { (void)core().Shutdown(seconds(5)); }

  ProviderCore& core() {
    if (core_ == nullptr) core_ = &MakeProviderCore(options_, collector_.factory());
    return *core_;
  }
  nostd::shared_ptr<trace_api::Tracer> tracer() { return core().GetTracer("test", "1.2", "url"); }

  // What has arrived, by name.
  std::map<std::string, Span> Exported() {
    EXPECT_TRUE(core().ForceFlush(seconds(20)));
    EXPECT_TRUE(collector_.all_parsed());
    std::map<std::string, Span> spans;
    for (const Span& span : collector_.Spans()) spans[span.name()] = span;
    return spans;
  }
  Span ExportedOne() {
    const std::map<std::string, Span> spans = Exported();
    EXPECT_EQ(spans.size(), 1u);
    return spans.empty() ? Span() : spans.begin()->second;
  }

  Options options_;
  FakeCollector collector_;
  ProviderCore* core_ = nullptr;
};

std::map<std::string, AnyValue> Attributes(const Span& span) {
  std::map<std::string, AnyValue> attributes;
  for (const auto& attribute : span.attributes()) {
    EXPECT_TRUE(attributes.emplace(attribute.key(), attribute.value()).second) << attribute.key();
  }
  return attributes;
}

std::string Bytes(const trace_api::TraceId& id) {
  return {reinterpret_cast<const char*>(id.Id().data()), 16};
}
std::string Bytes(const trace_api::SpanId& id) {
  return {reinterpret_cast<const char*>(id.Id().data()), 8};
}

TEST_F(SpanTest, CarriesIdsScopeResourceAndTimes) {
  options_.service_name = "shop";
  options_.resource_attributes = {{"a", "1"}, {"a", "2"}, {"service.name", "ignored"}};
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  SpanPtr span = tracer()->StartSpan("work");
  const trace_api::SpanContext made = span->GetContext();
  span->End();
  const Span got = ExportedOne();
  EXPECT_EQ(got.name(), "work");
  EXPECT_EQ(got.trace_id(), Bytes(made.trace_id()));
  EXPECT_EQ(got.span_id(), Bytes(made.span_id()));
  EXPECT_EQ(got.parent_span_id(), "");
  EXPECT_EQ(got.kind(), Span::SPAN_KIND_INTERNAL);
  EXPECT_EQ(got.flags(), 0x103u);
  EXPECT_LE(got.start_time_unix_nano(), got.end_time_unix_nano());
  const auto start = std::chrono::nanoseconds(got.start_time_unix_nano());
  EXPECT_LT(std::chrono::abs(start - before), seconds(2));

  const auto request = collector_.Requests().at(0);
  ASSERT_EQ(request.resource_spans_size(), 1);
  const auto& scope = request.resource_spans(0).scope_spans(0);
  EXPECT_EQ(scope.scope().name(), "test");
  EXPECT_EQ(scope.scope().version(), "1.2");
  EXPECT_EQ(scope.schema_url(), "url");
  std::map<std::string, AnyValue> resource;
  for (const auto& pair : request.resource_spans(0).resource().attributes()) {
    EXPECT_TRUE(resource.emplace(pair.key(), pair.value()).second) << pair.key();
  }
  EXPECT_EQ(resource["service.name"].string_value(), "shop");
  EXPECT_EQ(resource["telemetry.sdk.language"].string_value(), "cpp");
  EXPECT_EQ(resource["a"].string_value(), "2");
  EXPECT_EQ(resource["process.pid"].int_value(), getpid());
}

TEST_F(SpanTest, KeepsEveryTypeOfAttribute) {
  const bool bools[] = {true, false};
  const int32_t ints[] = {-1, 2};
  const uint32_t uints[] = {UINT32_MAX};
  const uint64_t longs[] = {1, UINT64_MAX};
  const double doubles[] = {0.5, -1e300};
  const nostd::string_view texts[] = {"x", ""};
  const uint8_t bytes[] = {0, 255, 7};
  SpanPtr span = tracer()->StartSpan("types");
  span->SetAttribute("bool", true);
  span->SetAttribute("int", int32_t{-5});
  span->SetAttribute("int64", INT64_MIN);
  span->SetAttribute("uint", UINT32_MAX);
  span->SetAttribute("uint64", uint64_t{7});
  span->SetAttribute("huge", UINT64_MAX);
  span->SetAttribute("double", -0.25);
  span->SetAttribute("c_string", "text");
  span->SetAttribute("string", nostd::string_view("with \0 zero", 11));
  span->SetAttribute("bools", nostd::span<const bool>(bools));
  span->SetAttribute("ints", nostd::span<const int32_t>(ints));
  span->SetAttribute("uints", nostd::span<const uint32_t>(uints));
  span->SetAttribute("longs", nostd::span<const uint64_t>(longs));
  span->SetAttribute("doubles", nostd::span<const double>(doubles));
  span->SetAttribute("texts", nostd::span<const nostd::string_view>(texts));
  span->SetAttribute("bytes", nostd::span<const uint8_t>(bytes));
  span->SetAttribute("empty", nostd::span<const int64_t>());
  span->SetAttribute("", "no key");
  span->End();
  std::map<std::string, AnyValue> got = Attributes(ExportedOne());
  EXPECT_EQ(got.size(), 17u);
  EXPECT_TRUE(got["bool"].bool_value());
  EXPECT_EQ(got["int"].int_value(), -5);
  EXPECT_EQ(got["int64"].int_value(), INT64_MIN);
  EXPECT_EQ(got["uint"].int_value(), UINT32_MAX);
  EXPECT_EQ(got["uint64"].int_value(), 7);
  EXPECT_EQ(got["huge"].string_value(), "18446744073709551615");
  EXPECT_EQ(got["double"].double_value(), -0.25);
  EXPECT_EQ(got["c_string"].string_value(), "text");
  EXPECT_EQ(got["string"].string_value(), std::string("with \0 zero", 11));
  EXPECT_TRUE(got["bools"].array_value().values(0).bool_value());
  EXPECT_EQ(got["ints"].array_value().values(0).int_value(), -1);
  EXPECT_EQ(got["uints"].array_value().values(0).int_value(), UINT32_MAX);
  EXPECT_EQ(got["longs"].array_value().values(1).string_value(), "18446744073709551615");
  EXPECT_EQ(got["doubles"].array_value().values(1).double_value(), -1e300);
  EXPECT_EQ(got["texts"].array_value().values_size(), 2);
  EXPECT_EQ(got["texts"].array_value().values(1).value_case(), AnyValue::kStringValue);
  EXPECT_EQ(got["bytes"].bytes_value(), std::string("\0\xFF\x07", 3));
  EXPECT_EQ(got["empty"].value_case(), AnyValue::kArrayValue);
}

// Random keys from a small set, so that many are set again, and random values of the common types.
TEST_F(SpanTest, HoldsWhatWasSetLast) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const std::string name = "span " + std::to_string(round);
    std::map<std::string, std::string> expected;
    SpanPtr span = tracer()->StartSpan(name);
    for (int i = static_cast<int>(random() % 60); i > 0; --i) {
      const std::string key(1 + random() % 20, static_cast<char>('a' + random() % 3));
      AnyValue value;
      switch (random() % 4) {
        case 0:
          value.set_int_value(static_cast<int64_t>(random()) << (random() % 33));
          span->SetAttribute(key, value.int_value());
          break;
        case 1:
          value.set_double_value(static_cast<double>(random()) / 7);
          span->SetAttribute(key, value.double_value());
          break;
        case 2:
          value.set_bool_value(random() % 2 == 0);
          span->SetAttribute(key, value.bool_value());
          break;
        default:
          value.set_string_value(std::string(random() % 300, 'v'));
          span->SetAttribute(key, value.string_value());
      }
      expected[key] = value.SerializeAsString();
    }
    span->End();
    std::map<std::string, std::string> got;
    for (const auto& [key, value] : Attributes(Exported()[name]))
      got[key] = value.SerializeAsString();
    ASSERT_EQ(got, expected) << name;
  }
}

TEST_F(SpanTest, KeepsLimitsAndCountsWhatIsDropped) {
  options_.limits = {3, 2, 1, 1, 1, 4};
  const trace_api::SpanContext other = tracer()->StartSpan("other")->GetContext();
  using Links = std::vector<std::pair<trace_api::SpanContext, std::map<std::string, std::string>>>;
  SpanPtr span = tracer()->StartSpan("limited", std::map<std::string, std::string>{{"a", "1"}},
                                     Links{{other, {{"k", "long text"}, {"l", ""}}}, {other, {}}});
  span->SetAttribute("b", "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9Fxyz");
  span->SetAttribute("c", 1);
  span->SetAttribute("d", 1);
  span->SetAttribute("a", "new and long");
  for (int i = 0; i < 3; ++i) span->AddEvent("event", {{"x", 1}, {"y", 2}});
  span->End();
  const Span got = Exported()["limited"];
  std::map<std::string, AnyValue> attributes = Attributes(got);
  EXPECT_EQ(attributes.size(), 3u);
  EXPECT_EQ(attributes["a"].string_value(), "new ");
  EXPECT_EQ(attributes["b"].string_value(), "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F");
  EXPECT_EQ(got.dropped_attributes_count(), 1u);
  EXPECT_EQ(got.events_size(), 2);
  EXPECT_EQ(got.dropped_events_count(), 1u);
  EXPECT_EQ(got.events(0).dropped_attributes_count(), 1u);
  ASSERT_EQ(got.links_size(), 1);
  EXPECT_EQ(got.dropped_links_count(), 1u);
  EXPECT_EQ(got.links(0).span_id(), Bytes(other.span_id()));
  EXPECT_EQ(got.links(0).attributes(0).value().string_value(), "long");
  EXPECT_EQ(got.links(0).dropped_attributes_count(), 1u);
}

TEST_F(SpanTest, ReplacesBytesThatAreNotUtf8) {
  SpanPtr span = tracer()->StartSpan("n\xFFme");
  span->SetAttribute("k\xC3", "\xE2\x82 \xF0\x9F\x98\x80 \xED\xA0\x80");
  span->AddEvent("\x80");
  span->SetStatus(trace_api::StatusCode::kError, "\xC0\x80");
  span->End();
  const Span got = ExportedOne();
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(got.name(), "n" + bad + "me");
  EXPECT_EQ(got.attributes(0).key(), "k" + bad);
  EXPECT_EQ(got.attributes(0).value().string_value(),
            bad + bad + " \xF0\x9F\x98\x80 " + bad + bad + bad);
  EXPECT_EQ(got.events(0).name(), bad);
  EXPECT_EQ(got.status().message(), bad + bad);
}

TEST_F(SpanTest, EventsHaveTimesAndAttributes) {
  const common::SystemTimestamp time(std::chrono::nanoseconds(123'456'789));
  SpanPtr span = tracer()->StartSpan("s");
  span->AddEvent("plain");
  span->AddEvent("timed", time);
  span->AddEvent("full", time, {{"k", 1}, {"k", 2}});
  span->End();
  const Span got = ExportedOne();
  ASSERT_EQ(got.events_size(), 3);
  EXPECT_GE(got.events(0).time_unix_nano(), got.start_time_unix_nano());
  EXPECT_LE(got.events(0).time_unix_nano(), got.end_time_unix_nano());
  EXPECT_EQ(got.events(1).time_unix_nano(), 123'456'789u);
  ASSERT_EQ(got.events(2).attributes_size(), 1);
  EXPECT_EQ(got.events(2).attributes(0).value().int_value(), 2);
}

TEST_F(SpanTest, OkIsFinalAndOnlyErrorsHaveADescription) {
  SpanPtr ok = tracer()->StartSpan("ok");
  ok->SetStatus(trace_api::StatusCode::kError, "bad");
  ok->SetStatus(trace_api::StatusCode::kUnset, "");
  ok->SetStatus(trace_api::StatusCode::kOk, "ignored");
  ok->SetStatus(trace_api::StatusCode::kError, "late");
  ok->End();
  SpanPtr error = tracer()->StartSpan("error");
  error->SetStatus(trace_api::StatusCode::kError, "first");
  error->SetStatus(trace_api::StatusCode::kError, "second");
  error->End();
  std::map<std::string, Span> got = Exported();
  EXPECT_EQ(got["ok"].status().code(), otlp::trace::v1::Status::STATUS_CODE_OK);
  EXPECT_EQ(got["ok"].status().message(), "");
  EXPECT_EQ(got["error"].status().code(), otlp::trace::v1::Status::STATUS_CODE_ERROR);
  EXPECT_EQ(got["error"].status().message(), "second");
}

TEST_F(SpanTest, NothingChangesAfterEnd) {
  SpanPtr span = tracer()->StartSpan("before");
  EXPECT_TRUE(span->IsRecording());
  span->End();
  EXPECT_FALSE(span->IsRecording());
  span->UpdateName("after");
  span->SetAttribute("k", 1);
  span->AddEvent("e");
  span->End();
  const Span got = ExportedOne();
  EXPECT_EQ(got.name(), "before");
  EXPECT_EQ(got.attributes_size() + got.events_size(), 0);
  EXPECT_EQ(core().stats().ended, 1u);
}

TEST_F(SpanTest, TakesGivenTimesKindAndName) {
  trace_api::StartSpanOptions start;
  start.kind = trace_api::SpanKind::kConsumer;
  start.start_system_time = common::SystemTimestamp(seconds(1'000));
  start.start_steady_time = common::SteadyTimestamp(seconds(10));
  SpanPtr span = tracer()->StartSpan("old", start);
  span->UpdateName(std::string(200, 'n'));
  trace_api::EndSpanOptions end;
  end.end_steady_time = common::SteadyTimestamp(seconds(12));
  span->End(end);
  const Span got = ExportedOne();
  EXPECT_EQ(got.start_time_unix_nano(), 1'000'000'000'000u);
  EXPECT_EQ(got.end_time_unix_nano(), 1'002'000'000'000u);
  EXPECT_EQ(got.kind(), Span::SPAN_KIND_CONSUMER);
  EXPECT_EQ(got.name(), std::string(200, 'n'));
}

TEST_F(SpanTest, ParentsComeFromScopeContextOrSpanContext) {
  const auto t = tracer();
  SpanPtr root = t->StartSpan("root");
  {
    trace_api::Scope scope(root);
    t->StartSpan("in scope")->End();
    trace_api::StartSpanOptions as_root;
    as_root.parent = context::Context(trace_api::kIsRootSpanKey, true);
    t->StartSpan("new root", as_root)->End();
  }
  trace_api::StartSpanOptions explicit_parent;
  explicit_parent.parent = root->GetContext();
  t->StartSpan("explicit", explicit_parent)->End();
  t->StartSpan("outside")->End();

  const uint8_t trace_id[16] = {1};
  const uint8_t span_id[8] = {2};
  trace_api::StartSpanOptions remote_parent;
  remote_parent.parent = trace_api::SpanContext(
      trace_api::TraceId(trace_id), trace_api::SpanId(span_id), trace_api::TraceFlags(1), true,
      trace_api::TraceState::FromHeader("v=1,w=2"));
  SpanPtr child = t->StartSpan("of remote", remote_parent);
  EXPECT_EQ(child->GetContext().trace_state()->ToHeader(), "v=1,w=2");
  child->End();
  root->End();

  std::map<std::string, Span> got = Exported();
  const std::string root_id = got["root"].span_id();
  EXPECT_EQ(got["in scope"].parent_span_id(), root_id);
  EXPECT_EQ(got["in scope"].trace_id(), got["root"].trace_id());
  EXPECT_EQ(got["explicit"].parent_span_id(), root_id);
  EXPECT_EQ(got["new root"].parent_span_id(), "");
  EXPECT_EQ(got["outside"].parent_span_id(), "");
  EXPECT_NE(got["outside"].trace_id(), got["root"].trace_id());
  EXPECT_EQ(got["of remote"].trace_state(), "v=1,w=2");
  EXPECT_EQ(got["of remote"].flags(), 0x301u);
  EXPECT_EQ(got["of remote"].parent_span_id(), std::string("\2\0\0\0\0\0\0\0", 8));
}

TEST_F(SpanTest, AllOfTheTraceStateIsExported) {
  const std::string trace_state = "foo@@bar=1,baz=2";
  context::Context caller;
  trace_api::StartSpanOptions options;
  options.parent = trace_api::SetSpan(caller, MakeRemoteSpan({{1, 2}, 3, 1}, trace_state));
  const SpanPtr span = tracer()->StartSpan("inner", options);
  EXPECT_EQ(span->GetContext().trace_state()->ToHeader(), "baz=2");
  span->End();
  EXPECT_EQ(Exported()["inner"].trace_state(), trace_state);
}

TEST_F(SpanTest, UnsampledSpansCarryTheTraceOn) {
  options_.sampler.root = SamplerOptions::Root::kAlwaysOff;
  SpanPtr root = tracer()->StartSpan("root");
  EXPECT_FALSE(root->IsRecording());
  EXPECT_TRUE(root->GetContext().IsValid());
  EXPECT_FALSE(root->GetContext().IsSampled());
  trace_api::Scope scope(root);
  SpanPtr child = tracer()->StartSpan("child");
  EXPECT_EQ(child->GetContext().trace_id(), root->GetContext().trace_id());
  EXPECT_NE(child->GetContext().span_id(), root->GetContext().span_id());
  EXPECT_FALSE(child->GetContext().IsSampled());
  child->End();
  EXPECT_TRUE(Exported().empty());
}

TEST_F(SpanTest, RatioSamplesItsShareOfRoots) {
  options_.sampler = {SamplerOptions::Root::kTraceIdRatio, 0.25, true};
  int sampled = 0;
  for (int i = 0; i < 10'000; ++i) sampled += tracer()->StartSpan("s")->GetContext().IsSampled();
  EXPECT_GT(sampled, 2'200);
  EXPECT_LT(sampled, 2'800);
}

TEST_F(SpanTest, OneSpanMayBeUsedByManyThreads) {
  SpanPtr span = tracer()->StartSpan("shared");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&span, t] {
      for (int i = 0; i < 30; ++i) {
        span->SetAttribute("k" + std::to_string(t * 30 + i), i);
        span->AddEvent("e");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  span->End();
  const Span got = ExportedOne();
  EXPECT_EQ(got.attributes_size(), 120);
  EXPECT_EQ(got.events_size(), 120);
}

TEST_F(SpanTest, SpansOfThreadsThatEndedAreSent) {
  for (int i = 0; i < 10; ++i) {
    std::thread([this, i] { tracer()->StartSpan("t" + std::to_string(i))->End(); }).join();
  }
  EXPECT_EQ(Exported().size(), 10u);
}

TEST_F(SpanTest, ScopesOfOneRequestAreKeptApart) {
  for (const char* scope : {"a", "b"}) {
    for (int i = 0; i < 3; ++i) core().GetTracer(scope, "", "")->StartSpan("s")->End();
  }
  Exported();
  const auto request = collector_.Requests().at(0);
  ASSERT_EQ(request.resource_spans(0).scope_spans_size(), 2);
  EXPECT_EQ(request.resource_spans(0).scope_spans(0).spans_size(), 3);
  EXPECT_EQ(request.resource_spans(0).scope_spans(1).scope().name(), "b");
}

TEST_F(SpanTest, ASpanLargerThanABlockIsSent) {
  SpanPtr span = tracer()->StartSpan("large");
  span->SetAttribute("text", std::string(300'000, 'x'));
  span->End();
  EXPECT_EQ(ExportedOne().attributes(0).value().string_value().size(), 300'000u);
}

}  // namespace
}  // namespace spandrel::sdk
