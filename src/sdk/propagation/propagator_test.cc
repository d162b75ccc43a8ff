// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/propagator.h"

#include <gtest/gtest.h>

#include "sdk/testing/carrier.h"
#include "spandrel/propagation.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {
namespace {

std::string Fields(std::string_view names) {
  std::string fields;
  EXPECT_TRUE(MakePropagators(names)->Fields([&](opentelemetry::nostd::string_view name) {
    fields += (fields.empty() ? "" : " ") + std::string(name);
    return true;
  }));
  return fields;
}

TEST(PropagatorsTest, AreMadeFromTheirNames) {
  EXPECT_EQ(Fields("tracecontext"), "traceparent tracestate");
  EXPECT_EQ(Fields("tracecontext,baggage"), "traceparent tracestate baggage");
  EXPECT_EQ(Fields(" b3 , jaeger "), "b3 uber-trace-id");
  EXPECT_EQ(Fields("b3multi"), "x-b3-traceid x-b3-spanid x-b3-sampled x-b3-flags");
}

TEST(PropagatorsTest, CountOnceEach) {
  EXPECT_EQ(Fields("baggage,tracecontext,baggage,,baggage"), "baggage traceparent tracestate");
}

TEST(PropagatorsTest, MayBeNone) {
  EXPECT_EQ(Fields("none"), "");
  EXPECT_EQ(Fields(""), "");
  auto propagator = MakePropagators("none");
  const auto context = ExtractContext(
      *propagator, {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
  EXPECT_TRUE(context == opentelemetry::context::Context());
}

TEST(PropagatorsTest, UnknownNamesAreReported) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Fields("xray,baggage,xray"), "baggage");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("propagator 'xray' is not known"), std::string::npos);
  EXPECT_EQ(log.find("xray", log.find("xray") + 1), std::string::npos);
}

TEST(PropagatorsTest, ReadAndWriteTogether) {
  auto propagator = MakePropagators("tracecontext,baggage,b3");
  const Headers headers = {
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
      {"tracestate", "foo=1"},
      {"baggage", "user=1"}};
  Headers written = InjectContext(*propagator, ExtractContext(*propagator, headers));
  EXPECT_EQ(written["b3"], "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1");
  written.erase("b3");
  EXPECT_EQ(written, headers);
}

TEST(PropagatorsTest, CountWhatTheyLeaveOut) {
  const PropagationStats before = PropagationStats::Read();
  auto propagator = MakePropagators("tracecontext,baggage");
  (void)ExtractContext(*propagator, {{"traceparent", "nonsense"}, {"baggage", "a=1,b,c=2,d"}});
  (void)ExtractContext(*propagator,
                       {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                        {"tracestate", "@a=1"},
                        {"baggage", "a=" + std::string(9'000, 'v')}});
  propagation::CountUnsendablePair();
  const PropagationStats after = PropagationStats::Read();
  EXPECT_EQ(after.malformed_spans - before.malformed_spans, 1u);
  EXPECT_EQ(after.malformed_trace_states - before.malformed_trace_states, 1u);
  EXPECT_EQ(after.malformed_baggage - before.malformed_baggage, 2u);
  EXPECT_EQ(after.baggage_over_limit - before.baggage_over_limit, 1u);
  EXPECT_EQ(after.unsendable_baggage, before.unsendable_baggage);
  EXPECT_EQ(after.unsendable_pairs - before.unsendable_pairs, 1u);
}

}  // namespace
}  // namespace spandrel::sdk
