// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "opentelemetry/baggage/baggage_context.h"
#include "opentelemetry/context/context.h"
#include "sdk/propagation/header/baggage_header.h"

// The baggage of a context, read and written.
namespace spandrel::sdk {

using BaggagePtr = opentelemetry::nostd::shared_ptr<opentelemetry::baggage::Baggage>;

// The context with what was read in place of its baggage, or as it is when that is nothing.
inline opentelemetry::context::Context WithBaggage(opentelemetry::context::Context& context,
                                                   const BaggageReader& read) {
  using opentelemetry::baggage::Baggage;
  if (read.entries().empty()) return context;
  return opentelemetry::baggage::SetBaggage(
      context, std::shared_ptr<Baggage>(std::make_shared<Baggage>(read.entries())));
}

// Null when the context has none.
inline BaggagePtr FindBaggage(const opentelemetry::context::Context& context) {
  const auto value = context.GetValue(opentelemetry::baggage::kBaggageHeader);
  const auto* const held = opentelemetry::nostd::get_if<BaggagePtr>(&value);
  return held == nullptr ? BaggagePtr() : *held;
}

}  // namespace spandrel::sdk
