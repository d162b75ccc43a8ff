// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/baggage_propagator.h"

#include <string_view>

#include "sdk/propagation/header/baggage_header.h"
#include "sdk/propagation/propagated_baggage.h"
#include "sdk/propagation/propagated_span.h"

namespace spandrel::sdk {
namespace {

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;

constexpr char kHeader[] = "baggage";

}  // namespace

context::Context BaggagePropagator::Extract(const context::propagation::TextMapCarrier& carrier,
                                            context::Context& context) noexcept {
  const std::string_view header = View(carrier.Get(kHeader));
  if (header.empty()) return context;
  BaggageReader reader;
  reader.ReadHeader(header);
  return WithBaggage(context, reader);
}

void BaggagePropagator::Inject(context::propagation::TextMapCarrier& carrier,
                               const context::Context& context) noexcept {
  const BaggagePtr baggage = FindBaggage(context);
  if (!baggage) return;
  BaggageWriter writer;
  baggage->GetAllEntries([&](nostd::string_view key, nostd::string_view value) {
    writer.Add(View(key), View(value));
    return true;
  });
  const std::string_view header = writer.header();
  if (!header.empty()) carrier.Set(kHeader, {header.data(), header.size()});
}

bool BaggagePropagator::Fields(
    nostd::function_ref<bool(nostd::string_view)> callback) const noexcept {
  return callback(kHeader);
}

}  // namespace spandrel::sdk
