// SPDX-License-Identifier: Apache-2.0
// Debian's own exporters behind our tracer.
#include "spandrel/otel_exporter.h"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "opentelemetry/exporters/memory/in_memory_span_exporter.h"
#include "opentelemetry/exporters/ostream/span_exporter.h"
#include "opentelemetry/sdk/trace/span_data.h"
#include "opentelemetry/trace/tracer.h"
#include "sdk/propagation/trace_context_propagator.h"
#include "sdk/testing/carrier.h"

namespace spandrel::sdk {
namespace {

namespace nostd = opentelemetry::nostd;
namespace trace_api = opentelemetry::trace;
using opentelemetry::exporter::memory::InMemorySpanExporter;
using opentelemetry::sdk::common::OwnedAttributeValue;
using std::chrono::seconds;

TEST(OtelExporterTest, SpansArriveAsTheyWereMade) {
  auto memory = std::make_unique<InMemorySpanExporter>();
  const auto data = memory->GetData();
  Options options;
  options.service_name = "shop";
  options.exporter.sink = std::make_shared<OtelExporter>(std::move(memory));
  Provider provider = MakeProvider(options);
  const auto tracer = provider.tracer_provider()->GetTracer("lib", "1.2", "url");
  const auto parent = tracer->StartSpan("parent");

  const bool bools[] = {true, false};
  const int64_t numbers[] = {-1, 1LL << 60};
  const double doubles[] = {0.5};
  const nostd::string_view texts[] = {"a", ""};
  const uint8_t bytes[] = {0, 255};
  const uint64_t huge[] = {1, UINT64_MAX};
  trace_api::StartSpanOptions start;
  start.kind = trace_api::SpanKind::kClient;
  start.parent = parent->GetContext();
  start.start_system_time = opentelemetry::common::SystemTimestamp(seconds(1'000));
  start.start_steady_time = opentelemetry::common::SteadyTimestamp(seconds(10));
  using Links = std::vector<std::pair<trace_api::SpanContext, std::map<std::string, std::string>>>;
  const auto span = tracer->StartSpan("work", std::map<std::string, std::string>{{"k", "v"}},
                                      Links{{parent->GetContext(), {{"l", "m"}}}}, start);
  span->SetAttribute("bool", true);
  span->SetAttribute("int", int64_t{-5});
  span->SetAttribute("double", 0.25);
  span->SetAttribute("bools", nostd::span<const bool>(bools));
  span->SetAttribute("ints", nostd::span<const int64_t>(numbers));
  span->SetAttribute("doubles", nostd::span<const double>(doubles));
  span->SetAttribute("texts", nostd::span<const nostd::string_view>(texts));
  span->SetAttribute("bytes", nostd::span<const uint8_t>(bytes));
  span->SetAttribute("huge", nostd::span<const uint64_t>(huge));
  span->AddEvent("event", opentelemetry::common::SystemTimestamp(seconds(1'001)), {{"e", 7}});
  span->SetStatus(trace_api::StatusCode::kError, "broken");
  trace_api::EndSpanOptions end;
  end.end_steady_time = opentelemetry::common::SteadyTimestamp(seconds(12));
  span->End(end);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));

  const auto spans = data->GetSpans();
  ASSERT_EQ(spans.size(), 1u);
  const auto& got = *spans.at(0);
  EXPECT_EQ(got.GetName(), "work");
  EXPECT_EQ(got.GetSpanContext(), span->GetContext());
  EXPECT_EQ(got.GetParentSpanId(), parent->GetContext().span_id());
  EXPECT_EQ(got.GetSpanKind(), trace_api::SpanKind::kClient);
  EXPECT_EQ(got.GetStatus(), trace_api::StatusCode::kError);
  EXPECT_EQ(got.GetDescription(), "broken");
  EXPECT_EQ(got.GetStartTime().time_since_epoch(), seconds(1'000));
  EXPECT_EQ(got.GetDuration(), seconds(2));
  EXPECT_EQ(got.GetInstrumentationScope().GetName(), "lib");
  EXPECT_EQ(got.GetInstrumentationScope().GetVersion(), "1.2");
  EXPECT_EQ(got.GetInstrumentationScope().GetSchemaURL(), "url");
  const auto& resource = got.GetResource().GetAttributes();
  EXPECT_EQ(nostd::get<std::string>(resource.at("service.name")), "shop");
  EXPECT_EQ(nostd::get<std::string>(resource.at("telemetry.sdk.name")), "spandrel");

  const auto& attributes = got.GetAttributes();
  EXPECT_EQ(attributes.size(), 10u);
  EXPECT_EQ(attributes.at("k"), OwnedAttributeValue(std::string("v")));
  EXPECT_EQ(attributes.at("bool"), OwnedAttributeValue(true));
  EXPECT_EQ(attributes.at("int"), OwnedAttributeValue(int64_t{-5}));
  EXPECT_EQ(attributes.at("double"), OwnedAttributeValue(0.25));
  EXPECT_EQ(attributes.at("bools"), OwnedAttributeValue(std::vector<bool>{true, false}));
  EXPECT_EQ(attributes.at("ints"), OwnedAttributeValue(std::vector<int64_t>{-1, 1LL << 60}));
  EXPECT_EQ(attributes.at("doubles"), OwnedAttributeValue(std::vector<double>{0.5}));
  EXPECT_EQ(attributes.at("texts"), OwnedAttributeValue(std::vector<std::string>{"a", ""}));
  EXPECT_EQ(attributes.at("bytes"), OwnedAttributeValue(std::vector<uint8_t>{0, 255}));
  EXPECT_EQ(attributes.at("huge"),
            OwnedAttributeValue(std::vector<std::string>{"1", "18446744073709551615"}));
  ASSERT_EQ(got.GetEvents().size(), 1u);
  EXPECT_EQ(got.GetEvents()[0].GetName(), "event");
  EXPECT_EQ(got.GetEvents()[0].GetTimestamp().time_since_epoch(), seconds(1'001));
  EXPECT_EQ(got.GetEvents()[0].GetAttributes().at("e"), OwnedAttributeValue(int64_t{7}));
  ASSERT_EQ(got.GetLinks().size(), 1u);
  EXPECT_EQ(got.GetLinks()[0].GetSpanContext().span_id(), parent->GetContext().span_id());
  EXPECT_EQ(got.GetLinks()[0].GetAttributes().at("l"), OwnedAttributeValue(std::string("m")));
}

// The API knows keys of level 1 only, and keeps nothing where there is another.
TEST(OtelExporterTest, KeepsTheTraceStateThatTheApiKnows) {
  Options options;
  auto exporter = std::make_unique<InMemorySpanExporter>();
  const auto data = exporter->GetData();
  options.exporter.sink = std::make_shared<OtelExporter>(std::move(exporter));
  Provider provider = MakeProvider(options);
  const auto caller =
      ExtractContext(TraceContextPropagator(),
                     {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                      {"tracestate", "a@=1,b=2,c@d@e=3,f@g=4"}});
  trace_api::StartSpanOptions start;
  start.parent = caller;
  provider.tracer_provider()->GetTracer("t")->StartSpan("s", start)->End();
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  const auto spans = data->GetSpans();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans.at(0)->GetSpanContext().trace_state()->ToHeader(), "b=2,f@g=4");
}

TEST(OtelExporterTest, RunsTheStreamExporter) {
  std::ostringstream out;
  {
    Options options;
    options.exporter.sink = std::make_shared<OtelExporter>(
        std::make_unique<opentelemetry::exporter::trace::OStreamSpanExporter>(out));
    Provider provider = MakeProvider(options);
    for (int i = 0; i < 10; ++i) {
      provider.tracer_provider()->GetTracer("t")->StartSpan("printed")->End();
    }
    EXPECT_TRUE(provider.Shutdown(seconds(20)));
    EXPECT_EQ(provider.stats().exported, 10u);
  }
  EXPECT_NE(out.str().find("printed"), std::string::npos);
}

// A sink of the user's own, which refuses, throws and hangs.
class Sink final : public RequestSink {
 public:
  explicit Sink(std::function<bool(int)> answer) : answer_(std::move(answer)) {}
  bool Export(std::string_view, Milliseconds) override { return answer_(calls_++); }

 private:
  const std::function<bool(int)> answer_;
  int calls_ = 0;
};

Provider WithSink(std::function<bool(int)> answer) {
  Options options;
  options.exporter.sink = std::make_shared<Sink>(std::move(answer));
  Provider provider = MakeProvider(options);
  provider.tracer_provider()->GetTracer("t")->StartSpan("s")->End();
  return provider;
}

TEST(SinkTest, WhatItRefusesComesAgain) {
  Provider provider = WithSink([](int call) { return call > 0; });
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(provider.stats().exported, 1u);
}

TEST(SinkTest, WhatItThrowsIsCounted) {
  Provider provider = WithSink([](int) -> bool { throw std::runtime_error("no"); });
  EXPECT_FALSE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(provider.stats().dropped_rejected, 1u);
}

TEST(SinkTest, OneThatHangsHoldsNothingUp) {
  std::promise<void> released;
  std::promise<void> left;
  {
    Provider provider = WithSink([&](int) {
      released.get_future().wait();
      left.set_value();
      return true;
    });
    EXPECT_FALSE(provider.ForceFlush(std::chrono::milliseconds(50)));
    EXPECT_FALSE(provider.Shutdown(std::chrono::milliseconds(50)));
    EXPECT_EQ(provider.stats().dropped_shutdown, 1u);
  }
  released.set_value();
  left.get_future().wait();
}

}  // namespace
}  // namespace spandrel::sdk
