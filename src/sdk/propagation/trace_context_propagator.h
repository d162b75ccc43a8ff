// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/context/propagation/text_map_propagator.h"

namespace spandrel::sdk {

// W3C Trace Context, level 2: `traceparent` and `tracestate`. Thread-safe.
class TraceContextPropagator final : public opentelemetry::context::propagation::TextMapPropagator {
 public:
  // A malformed traceparent leaves the context as it is, so that a new trace begins; a malformed
  // tracestate is treated as absent. Both are counted.
  opentelemetry::context::Context Extract(
      const opentelemetry::context::propagation::TextMapCarrier& carrier,
      opentelemetry::context::Context& context) noexcept override;
  void Inject(opentelemetry::context::propagation::TextMapCarrier& carrier,
              const opentelemetry::context::Context& context) noexcept override;
  bool Fields(opentelemetry::nostd::function_ref<bool(opentelemetry::nostd::string_view)> callback)
      const noexcept override;
};

}  // namespace spandrel::sdk
