// SPDX-License-Identifier: Apache-2.0
#include "sdk/process/api_pins.h"

#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "opentelemetry/baggage/baggage_context.h"
#include "opentelemetry/context/propagation/global_propagator.h"
#include "opentelemetry/context/propagation/text_map_propagator.h"
#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/metrics/provider.h"
#include "opentelemetry/trace/noop.h"
#include "opentelemetry/trace/provider.h"
#include "opentelemetry/trace/trace_state.h"

namespace spandrel::sdk {
namespace {

namespace api = opentelemetry;

// A destroyed static keeps its bytes, so that a copy made of it later is good as long as what it
// points to lives. Two references are leaked: assigning to a destroyed static, as the destructor of
// a static Provider may do, gives one back a second time.
template <typename Pointer>
void Pin(const Pointer& pointer) {
  static auto* const kept = new std::vector<Pointer>;
  kept->insert(kept->end(), 2, pointer);
}

// Hands each of the API's statics to `use`, and makes it where it does not exist yet.
template <typename Use>
void EachStatic(Use use) {
  use(api::trace::Provider::GetTracerProvider());
  use(api::metrics::Provider::GetMeterProvider());
  use(api::context::propagation::GlobalTextMapPropagator::GetGlobalPropagator());
  use(api::context::RuntimeContext::GetConstRuntimeContextStorage());
  use(api::trace::TraceState::GetDefault());
  use(api::baggage::Baggage::GetDefault());
  use(api::baggage::GetBaggage(api::context::Context()));
  const std::shared_ptr<api::trace::Tracer> noop = std::make_shared<api::trace::NoopTracer>();
  use(noop->StartSpan(""));
}

void PinAll() {
  EachStatic([](const auto& pointer) { Pin(pointer); });
}

}  // namespace

// What is registered later runs earlier: the hook comes before the destructors of the statics that
// exist when it is registered.
void KeepApiUsableAtExit() {
  static std::once_flag once;
  std::call_once(once, [] {
    EachStatic([](const auto&) {});
    std::atexit(PinAll);
  });
}

}  // namespace spandrel::sdk
