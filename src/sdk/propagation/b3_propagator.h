// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/context/propagation/text_map_propagator.h"

namespace spandrel::sdk {

// Zipkin's B3. Reads both forms, the single header first, and writes the one it is made for. A span
// whose sender left the decision open counts as not sampled, and "deny" without a span makes a
// parent that is not sampled, so that parent-based samplers leave the trace out. Names are
// lower-case, as HTTP/2 and gRPC want them. Thread-safe.
class B3Propagator final : public opentelemetry::context::propagation::TextMapPropagator {
 public:
  enum class Form { kSingle, kMulti };
  explicit B3Propagator(Form form) : form_(form) {}

  // Malformed headers leave the context as it is, counted.
  opentelemetry::context::Context Extract(
      const opentelemetry::context::propagation::TextMapCarrier& carrier,
      opentelemetry::context::Context& context) noexcept override;
  void Inject(opentelemetry::context::propagation::TextMapCarrier& carrier,
              const opentelemetry::context::Context& context) noexcept override;
  bool Fields(opentelemetry::nostd::function_ref<bool(opentelemetry::nostd::string_view)> callback)
      const noexcept override;

 private:
  const Form form_;
};

}  // namespace spandrel::sdk
