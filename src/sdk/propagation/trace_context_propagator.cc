// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/trace_context_propagator.h"

#include <optional>
#include <string>
#include <string_view>

#include "sdk/propagation/header/propagation_counters.h"
#include "sdk/propagation/propagated_span.h"
#include "wire/w3c/trace_context.h"

namespace spandrel::sdk {
namespace {

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;

constexpr char kTraceParent[] = "traceparent";
constexpr char kTraceState[] = "tracestate";

// The tracestate to keep of a header, `scratch` holding it where it is not the header itself.
std::string_view AcceptTraceState(std::string_view header, std::string& scratch) {
  switch (wire::CheckTraceState(header)) {
    case wire::TraceStateForm::kReady:
      return header;
    case wire::TraceStateForm::kLoose:
      scratch = wire::FormatTraceState(wire::TraceState::Parse(header));
      return scratch;
    case wire::TraceStateForm::kMalformed:
      CountDropped(PropagationDrop::kMalformedTraceState);
      return {};
    case wire::TraceStateForm::kEmpty:
      return {};
  }
  return {};
}

}  // namespace

context::Context TraceContextPropagator::Extract(
    const context::propagation::TextMapCarrier& carrier, context::Context& context) noexcept {
  const std::string_view header = View(carrier.Get(kTraceParent));
  if (header.empty()) return context;
  const std::optional<wire::TraceParent> parent = wire::ParseTraceParent(header);
  if (!parent) {
    CountDropped(PropagationDrop::kMalformedSpan);
    return context;
  }
  std::string scratch;
  return WithRemoteSpan(context, *parent,
                        AcceptTraceState(View(carrier.Get(kTraceState)), scratch));
}

void TraceContextPropagator::Inject(context::propagation::TextMapCarrier& carrier,
                                    const context::Context& context) noexcept {
  ReadSpan(context, [&](const wire::TraceParent& span, std::string_view trace_state) {
    const auto header = wire::FormatTraceParent(span);
    carrier.Set(kTraceParent, {header.data(), header.size()});
    if (!trace_state.empty()) carrier.Set(kTraceState, {trace_state.data(), trace_state.size()});
  });
}

bool TraceContextPropagator::Fields(
    nostd::function_ref<bool(nostd::string_view)> callback) const noexcept {
  return callback(kTraceParent) && callback(kTraceState);
}

}  // namespace spandrel::sdk
