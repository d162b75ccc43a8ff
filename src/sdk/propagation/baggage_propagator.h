// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/context/propagation/text_map_propagator.h"

namespace spandrel::sdk {

// W3C Baggage: `baggage`. Thread-safe.
class BaggagePropagator final : public opentelemetry::context::propagation::TextMapPropagator {
 public:
  // Replaces the context's baggage if the header has any member that can be read.
  opentelemetry::context::Context Extract(
      const opentelemetry::context::propagation::TextMapCarrier& carrier,
      opentelemetry::context::Context& context) noexcept override;
  void Inject(opentelemetry::context::propagation::TextMapCarrier& carrier,
              const opentelemetry::context::Context& context) noexcept override;
  bool Fields(opentelemetry::nostd::function_ref<bool(opentelemetry::nostd::string_view)> callback)
      const noexcept override;
};

}  // namespace spandrel::sdk
