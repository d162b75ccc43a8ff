// SPDX-License-Identifier: Apache-2.0
#include "sdk/trace_context_propagator.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/default_span.h"
#include "opentelemetry/trace/trace_state.h"

namespace spandrel::sdk {
namespace {

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;
namespace trace_api = opentelemetry::trace;

class MapCarrier final : public context::propagation::TextMapCarrier {
 public:
  nostd::string_view Get(nostd::string_view key) const noexcept override {
    const auto found = headers.find(std::string(key));
    return found == headers.end() ? "" : nostd::string_view(found->second);
  }
  void Set(nostd::string_view key, nostd::string_view value) noexcept override {
    headers[std::string(key)] = std::string(value);
  }
  std::map<std::string, std::string> headers;
};

using Headers = std::map<std::string, std::string>;

trace_api::SpanContext Extract(Headers headers) {
  MapCarrier carrier;
  carrier.headers = std::move(headers);
  context::Context empty;
  TraceContextPropagator propagator;
  return trace_api::GetSpan(propagator.Extract(carrier, empty))->GetContext();
}

Headers Inject(const trace_api::SpanContext& span) {
  MapCarrier carrier;
  context::Context empty;
  TraceContextPropagator().Inject(
      carrier, trace_api::SetSpan(
                   empty, nostd::shared_ptr<trace_api::Span>(new trace_api::DefaultSpan(span))));
  return carrier.headers;
}

constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContextPropagatorTest, CarriesAContextThrough) {
  const Headers headers = {{"traceparent", kParent}, {"tracestate", "foo=1,bar=2"}};
  const trace_api::SpanContext span = Extract(headers);
  EXPECT_TRUE(span.IsRemote());
  EXPECT_TRUE(span.IsSampled());
  EXPECT_EQ(Inject(span), headers);
}

TEST(TraceContextPropagatorTest, IgnoresWhatIsMalformed) {
  EXPECT_FALSE(Extract({}).IsValid());
  EXPECT_FALSE(Extract({{"traceparent", "00-0-0-01"}}).IsValid());
  EXPECT_FALSE(Extract({{"traceparent", std::string(kParent) + "x"}}).IsValid());
  const trace_api::SpanContext span = Extract({{"traceparent", kParent}, {"tracestate", "A=,"}});
  EXPECT_TRUE(span.IsValid());
  EXPECT_TRUE(span.trace_state()->Empty());
}

TEST(TraceContextPropagatorTest, WritesNothingWithoutASpan) {
  EXPECT_TRUE(Inject(trace_api::SpanContext::GetInvalid()).empty());
}

}  // namespace
}  // namespace spandrel::sdk
