// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/propagated_span.h"

#include <cstring>

#include "opentelemetry/trace/context.h"
#include "sdk/record/remote_span.h"
#include "sdk/record/span_view.h"

namespace spandrel::sdk {
namespace {

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;

constexpr char kDebugKey[] = "spandrel.propagated_debug";

SpanIdentity ToIdentity(const wire::TraceParent& span) {
  SpanIdentity identity;
  std::memcpy(identity.trace_id, span.trace_id.bytes.data(), sizeof(identity.trace_id));
  std::memcpy(&identity.span_id, span.span_id.bytes.data(), sizeof(identity.span_id));
  identity.flags = span.flags;
  return identity;
}

wire::TraceParent ToTraceParent(const SpanIdentity& identity) {
  wire::TraceParent span;
  std::memcpy(span.trace_id.bytes.data(), identity.trace_id, sizeof(identity.trace_id));
  std::memcpy(span.span_id.bytes.data(), &identity.span_id, sizeof(identity.span_id));
  span.flags = identity.flags & trace_api::TraceFlags::kAllW3CTraceContext2Flags;
  return span;
}

}  // namespace

context::Context WithRemoteSpan(context::Context& context, const wire::TraceParent& span,
                                std::string_view trace_state) {
  return trace_api::SetSpan(context, MakeRemoteSpan(ToIdentity(span), trace_state));
}

void ReadSpan(const context::Context& context, UseSpan use) {
  const context::ContextValue value = context.GetValue(trace_api::kSpanKey);
  const auto* const held = nostd::get_if<nostd::shared_ptr<trace_api::Span>>(&value);
  if (held == nullptr || !*held) return;
  const SpanView span = ViewSpan(**held);
  if (!span.identity.valid()) return;
  use(ToTraceParent(span.identity),
      span.trace_state == nullptr ? std::string_view() : *span.trace_state);
}

context::Context WithDebug(context::Context& context) {
  return context.SetValue(kDebugKey, true);
}

bool IsDebug(const context::Context& context) {
  const context::ContextValue value = context.GetValue(kDebugKey);
  const bool* const debug = nostd::get_if<bool>(&value);
  return debug != nullptr && *debug;
}

}  // namespace spandrel::sdk
