// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/context/propagation/text_map_propagator.h"

namespace spandrel::sdk {

// Jaeger: `uber-trace-id`, and baggage in a header `uberctx-<key>` for each entry, which only
// carriers that list their keys (TextMapCarrier::Keys) can read. Thread-safe.
class JaegerPropagator final : public opentelemetry::context::propagation::TextMapPropagator {
 public:
  // A malformed uber-trace-id leaves the context's span as it is, counted.
  opentelemetry::context::Context Extract(
      const opentelemetry::context::propagation::TextMapCarrier& carrier,
      opentelemetry::context::Context& context) noexcept override;
  void Inject(opentelemetry::context::propagation::TextMapCarrier& carrier,
              const opentelemetry::context::Context& context) noexcept override;
  bool Fields(opentelemetry::nostd::function_ref<bool(opentelemetry::nostd::string_view)> callback)
      const noexcept override;
};

}  // namespace spandrel::sdk
