// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagator.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "opentelemetry/baggage/propagation/baggage_propagator.h"
#include "opentelemetry/context/propagation/composite_propagator.h"
#include "opentelemetry/context/propagation/global_propagator.h"
#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/default_span.h"
#include "sdk/environment.h"
#include "spandrel/sdk.h"
#include "wire/trace_context.h"

namespace spandrel::sdk {
namespace {

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;
namespace trace_api = opentelemetry::trace;

constexpr char kTraceParent[] = "traceparent";
constexpr char kTraceState[] = "tracestate";

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string_view View(nostd::string_view text) {
  return {text.data(), text.size()};
}

trace_api::SpanContext ToSpanContext(const wire::TraceParent& parent,
                                     const nostd::shared_ptr<trace_api::TraceState>& trace_state) {
  return {trace_api::TraceId(parent.trace_id.bytes), trace_api::SpanId(parent.span_id.bytes),
          trace_api::TraceFlags(parent.flags), true, trace_state};
}

wire::TraceParent ToTraceParent(const trace_api::SpanContext& span) {
  wire::TraceParent parent;
  std::memcpy(parent.trace_id.bytes.data(), span.trace_id().Id().data(), 16);
  std::memcpy(parent.span_id.bytes.data(), span.span_id().Id().data(), 8);
  parent.flags = span.trace_flags().flags() & trace_api::TraceFlags::kAllW3CTraceContext2Flags;
  return parent;
}

// The API's own parser, which uses regular expressions, only sees headers that are well-formed.
nostd::shared_ptr<trace_api::TraceState> ReadTraceState(std::string_view header) {
  if (header.empty()) return trace_api::TraceState::GetDefault();
  const wire::TraceState state = wire::TraceState::Parse(header);
  if (state.empty()) return trace_api::TraceState::GetDefault();
  return trace_api::TraceState::FromHeader(wire::FormatTraceState(state));
}

std::unique_ptr<context::propagation::TextMapPropagator> MakePropagator(std::string_view name) {
  if (name == "tracecontext") return std::make_unique<TraceContextPropagator>();
  if (name == "baggage") {
    return std::make_unique<opentelemetry::baggage::propagation::BaggagePropagator>();
  }
  if (name != "none") base::LogWarn("spandrel sdk: propagator '{}' is not known", name);
  return nullptr;
}

}  // namespace

context::Context TraceContextPropagator::Extract(
    const context::propagation::TextMapCarrier& carrier, context::Context& context) noexcept {
  const std::optional<wire::TraceParent> parent =
      wire::ParseTraceParent(View(carrier.Get(kTraceParent)));
  if (!parent) return context;
  const trace_api::SpanContext remote =
      ToSpanContext(*parent, ReadTraceState(View(carrier.Get(kTraceState))));
  return trace_api::SetSpan(context,
                            nostd::shared_ptr<trace_api::Span>(new trace_api::DefaultSpan(remote)));
}

void TraceContextPropagator::Inject(context::propagation::TextMapCarrier& carrier,
                                    const context::Context& context) noexcept {
  const trace_api::SpanContext span = trace_api::GetSpan(context)->GetContext();
  if (!span.IsValid()) return;
  const auto header = wire::FormatTraceParent(ToTraceParent(span));
  carrier.Set(kTraceParent, {header.data(), header.size()});
  if (span.trace_state()->Empty()) return;
  carrier.Set(kTraceState, span.trace_state()->ToHeader());
}

bool TraceContextPropagator::Fields(
    nostd::function_ref<bool(nostd::string_view)> callback) const noexcept {
  return callback(kTraceParent) && callback(kTraceState);
}

void InstallPropagators() {
  std::vector<std::unique_ptr<context::propagation::TextMapPropagator>> propagators;
  const std::string names = EnvText("OTEL_PROPAGATORS").value_or("tracecontext,baggage");
  for (size_t begin = 0; begin <= names.size();) {
    const size_t end = std::min(names.find(',', begin), names.size());
    const std::string name = names.substr(begin, end - begin);
    if (auto propagator = MakePropagator(Trim(name))) propagators.push_back(std::move(propagator));
    begin = end + 1;
  }
  context::propagation::GlobalTextMapPropagator::SetGlobalPropagator(
      nostd::shared_ptr<context::propagation::TextMapPropagator>(
          new context::propagation::CompositePropagator(std::move(propagators))));
}

}  // namespace spandrel::sdk
