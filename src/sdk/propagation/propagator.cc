// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/propagator.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "opentelemetry/context/propagation/composite_propagator.h"
#include "opentelemetry/context/propagation/global_propagator.h"
#include "sdk/encoding/text.h"
#include "sdk/options/environment.h"
#include "sdk/propagation/b3_propagator.h"
#include "sdk/propagation/baggage_propagator.h"
#include "sdk/propagation/header/propagation_counters.h"
#include "sdk/propagation/jaeger_propagator.h"
#include "sdk/propagation/trace_context_propagator.h"
#include "spandrel/propagation.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {
namespace {

using Propagator = opentelemetry::context::propagation::TextMapPropagator;
using opentelemetry::context::propagation::CompositePropagator;
using opentelemetry::context::propagation::GlobalTextMapPropagator;

// The names of a list, each once.
std::vector<std::string_view> SplitNames(std::string_view list) {
  std::vector<std::string_view> names;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view name = Trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    if (!name.empty() && !known) names.push_back(name);
  }
  return names;
}

std::unique_ptr<Propagator> MakePropagator(std::string_view name) {
  if (name == "tracecontext") return std::make_unique<TraceContextPropagator>();
  if (name == "baggage") return std::make_unique<BaggagePropagator>();
  if (name == "b3") return std::make_unique<B3Propagator>(B3Propagator::Form::kSingle);
  if (name == "b3multi") return std::make_unique<B3Propagator>(B3Propagator::Form::kMulti);
  if (name == "jaeger") return std::make_unique<JaegerPropagator>();
  if (name != "none") {
    base::LogWarn(
        "spandrel sdk: propagator '{}' is not known; known are tracecontext, baggage, b3, b3multi, "
        "jaeger and none",
        name);
  }
  return nullptr;
}

}  // namespace

opentelemetry::nostd::shared_ptr<Propagator> MakePropagators(std::string_view names) {
  std::vector<std::unique_ptr<Propagator>> propagators;
  for (const std::string_view name : SplitNames(names)) {
    if (auto propagator = MakePropagator(name)) propagators.push_back(std::move(propagator));
  }
  if (propagators.size() == 1) return std::shared_ptr<Propagator>(std::move(propagators.front()));
  return std::shared_ptr<Propagator>(std::make_shared<CompositePropagator>(std::move(propagators)));
}

PropagationStats PropagationStats::Read() {
  PropagationStats stats;
  stats.malformed_spans = PropagationDrops(PropagationDrop::kMalformedSpan);
  stats.malformed_trace_states = PropagationDrops(PropagationDrop::kMalformedTraceState);
  stats.malformed_baggage = PropagationDrops(PropagationDrop::kMalformedBaggage);
  stats.baggage_over_limit = PropagationDrops(PropagationDrop::kBaggageOverLimit);
  stats.unsendable_baggage = PropagationDrops(PropagationDrop::kUnsendableBaggage);
  stats.unsendable_pairs = propagation::UnsendablePairs();
  return stats;
}

void InstallPropagators() {
  const std::string names = EnvText("OTEL_PROPAGATORS").value_or("tracecontext,baggage");
  GlobalTextMapPropagator::SetGlobalPropagator(MakePropagators(names));
}

}  // namespace spandrel::sdk
