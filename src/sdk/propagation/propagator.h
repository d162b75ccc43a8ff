// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "opentelemetry/context/propagation/text_map_propagator.h"
#include "opentelemetry/nostd/shared_ptr.h"

namespace spandrel::sdk {

// The propagators of a list such as "tracecontext,baggage", in its order. A name given twice counts
// once; one that is not known is reported in the log and left out. Never null.
opentelemetry::nostd::shared_ptr<opentelemetry::context::propagation::TextMapPropagator>
MakePropagators(std::string_view names);

}  // namespace spandrel::sdk
