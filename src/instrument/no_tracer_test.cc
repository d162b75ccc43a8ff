// SPDX-License-Identifier: Apache-2.0
// A service without a tracer, or whose tracer is turned off, passes its caller's context on, so
// that it does not cut the traces of others.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "instrument/testing/carrier_pairs.h"
#include "opentelemetry/context/propagation/global_propagator.h"
#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/noop.h"
#include "opentelemetry/trace/provider.h"
#include "opentelemetry/trace/scope.h"
#include "sdk/propagation/propagator.h"
#include "sdk/testing/environment.h"
#include "spandrel/context.h"
#include "spandrel/sdk.h"

namespace spandrel::instrument {
namespace {

namespace trace_api = opentelemetry::trace;
using Tracers = opentelemetry::nostd::shared_ptr<trace_api::TracerProvider>;
using opentelemetry::context::propagation::GlobalTextMapPropagator;

const std::string kTraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const Lines kCaller = {
    {"traceparent", kTraceParent}, {"tracestate", "a=1,b=2"}, {"baggage", "k=v"}};

http::ServerRequest Request() {
  http::ServerRequest request;
  request.method = "GET";
  request.target = "/";
  return request;
}

// What a client sends of a request that a server span with these headers is current for.
std::map<std::string, std::string> PassedOn(Adapter client, const Tracers& tracers,
                                            const PropagatorPtr& propagator, const Lines& caller) {
  const Outgoing outgoing(tracers, propagator);
  std::string block;
  for (const auto& [name, value] : caller) block += name + ": " + value + "\r\n";
  const http::ServerSpan server(outgoing.http, Request(), http::RawHeaders(block));
  // With a span of the application's own between.
  const trace_api::Scope scope(tracers->GetTracer("app")->StartSpan("work"));
  const Lines sent =
      InjectBy(client, outgoing, opentelemetry::context::RuntimeContext::GetCurrent());
  return {sent.begin(), sent.end()};
}

std::map<std::string, std::string> MapOf(const Lines& lines) {
  return {lines.begin(), lines.end()};
}

TEST(NoTracerTest, ADisabledServicePassesItsCallersContextOn) {
  sdk::Options options;
  options.disabled = true;
  const auto provider = sdk::MakeProvider(options);
  const PropagatorPtr propagator = sdk::MakePropagators("tracecontext,baggage");
  for (const Adapter client : kClients) {
    EXPECT_EQ(PassedOn(client, provider.tracer_provider(), propagator, kCaller), MapOf(kCaller))
        << static_cast<int>(client);
    EXPECT_EQ(PassedOn(client, provider.tracer_provider(), propagator, {{"baggage", "k=v"}}),
              MapOf({{"baggage", "k=v"}}));
  }
}

TEST(NoTracerTest, SpansOfADisabledServiceAreTheirParents) {
  const Tracers tracers = sdk::Provider().tracer_provider();
  const auto tracer = tracers->GetTracer("test");
  EXPECT_FALSE(tracer->StartSpan("alone")->GetContext().IsValid());
  EXPECT_FALSE(tracer->StartSpan("alone")->IsRecording());

  Context none;
  const Context caller = sdk::MakePropagators("tracecontext")
                             ->Extract(http::RawHeaders("traceparent: " + kTraceParent), none);
  const auto parent = trace_api::GetSpan(caller);
  trace_api::StartSpanOptions options;
  options.parent = caller;
  EXPECT_EQ(tracer->StartSpan("child", options).get(), parent.get());
  options.parent = parent->GetContext();
  EXPECT_EQ(tracer->StartSpan("child", options)->GetContext().span_id(),
            parent->GetContext().span_id());
  options.parent = Context(trace_api::kIsRootSpanKey, true);
  const spandrel::context::Attached attached(caller);
  EXPECT_FALSE(tracer->StartSpan("root", options)->GetContext().IsValid());
  EXPECT_EQ(tracer->StartSpan("child").get(), parent.get());

  // A recorded span of another provider is not handed out: its maker ends it.
  const sdk::Provider recorded = sdk::MakeProvider([] {
    sdk::Options options;
    options.exporter.endpoint = "http://127.0.0.1:9";
    options.shutdown_timeout = sdk::Milliseconds(0);
    return options;
  }());
  const auto recording = recorded.tracer_provider()->GetTracer("test")->StartSpan("recording");
  const trace_api::Scope scope(recording);
  const auto child = tracer->StartSpan("child");
  EXPECT_FALSE(child->IsRecording());
  EXPECT_EQ(child->GetContext().span_id(), recording->GetContext().span_id());
  child->End();
  EXPECT_TRUE(recording->IsRecording());
}

// Nobody has installed a provider; the application's own spans are the API's business.
TEST(NoTracerTest, AServiceWithTheNoopTracerPassesItsCallersContextOn) {
  const Tracers tracers(new trace_api::NoopTracerProvider);
  const PropagatorPtr propagator = sdk::MakePropagators("tracecontext,baggage");
  const Outgoing outgoing(tracers, propagator);
  for (const Adapter server : kServers) {
    const Context caller = ExtractBy(server, propagator, kCaller);
    for (const Adapter client : kClients) {
      const Lines sent = InjectBy(client, outgoing, caller);
      EXPECT_EQ(MapOf(sent), MapOf(kCaller)) << static_cast<int>(client);
    }
  }
  const http::ServerSpan span(outgoing.http, Request(),
                              http::RawHeaders("traceparent: " + kTraceParent));
  EXPECT_TRUE(trace_api::GetSpan(span.context())->GetContext().IsValid());
}

// As OTEL_TRACES_EXPORTER=none and OTEL_SDK_DISABLED=true start a service.
TEST(NoTracerTest, TheEnvironmentTurnsRecordingOffAndNotPropagation) {
  const Tracers before = trace_api::Provider::GetTracerProvider();
  const PropagatorPtr propagator_before = GlobalTextMapPropagator::GetGlobalPropagator();
  for (const auto& [name, value] :
       {std::pair("OTEL_TRACES_EXPORTER", "none"), std::pair("OTEL_SDK_DISABLED", "true")}) {
    const sdk::Environment environment({{name, value}});
    const sdk::Provider tracing = sdk::Init("off");
    EXPECT_EQ(PassedOn(Adapter::kCurl, trace_api::Provider::GetTracerProvider(),
                       GlobalTextMapPropagator::GetGlobalPropagator(), kCaller),
              MapOf(kCaller));
  }
  trace_api::Provider::SetTracerProvider(before);
  GlobalTextMapPropagator::SetGlobalPropagator(propagator_before);
}

}  // namespace
}  // namespace spandrel::instrument
