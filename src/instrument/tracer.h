// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/trace/provider.h"
#include "opentelemetry/trace/tracer.h"
#include "spandrel/http.h"

namespace spandrel::instrument {

// The tracer of the HTTP instrumentation.
inline opentelemetry::nostd::shared_ptr<opentelemetry::trace::Tracer> TracerOf(
    const http::Options& options) {
  constexpr char kName[] = "spandrel.http";
  constexpr char kVersion[] = "0.1.0";
  constexpr char kSchemaUrl[] = "https://opentelemetry.io/schemas/1.37.0";
  if (options.tracer_provider) {
    return options.tracer_provider->GetTracer(kName, kVersion, kSchemaUrl);
  }
  return opentelemetry::trace::Provider::GetTracerProvider()->GetTracer(kName, kVersion,
                                                                        kSchemaUrl);
}

}  // namespace spandrel::instrument
