// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "opentelemetry/context/context.h"
#include "opentelemetry/nostd/function_ref.h"
#include "sdk/encoding/text.h"
#include "wire/w3c/trace_context.h"

// What all propagators share: the span of a context, read and written.
namespace spandrel::sdk {

// The context with the caller's span in it.
opentelemetry::context::Context WithRemoteSpan(opentelemetry::context::Context& context,
                                               const wire::TraceParent& span,
                                               std::string_view trace_state);

// Calls `use` with the context's span and its tracestate, which may be empty, if it has a valid
// one.
using UseSpan =
    opentelemetry::nostd::function_ref<void(const wire::TraceParent&, std::string_view)>;
void ReadSpan(const opentelemetry::context::Context& context, UseSpan use);

// Whether the caller asked for this trace to be recorded whatever the samplers say (B3, Jaeger):
// carried on, and the span's sampled flag is set with it.
opentelemetry::context::Context WithDebug(opentelemetry::context::Context& context);
bool IsDebug(const opentelemetry::context::Context& context);

}  // namespace spandrel::sdk
