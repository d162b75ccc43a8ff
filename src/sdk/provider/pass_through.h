// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/trace/tracer_provider.h"

namespace spandrel::sdk {

// For a service that records nothing: the spans of its tracers are their parents, so that the
// caller's trace goes on in what the service calls. (Those of the API's no-op tracer have no ids:
// the trace would end here.) One object, which lives as long as the process and is not counted.
// Thread-safe.
opentelemetry::nostd::shared_ptr<opentelemetry::trace::TracerProvider> PassThroughProvider();

}  // namespace spandrel::sdk
