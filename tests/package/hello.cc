// SPDX-License-Identifier: Apache-2.0
// The smallest program: one span. Says whether a collector has acknowledged it.
#include <cstdio>

#include "opentelemetry/trace/provider.h"
#include "spandrel/sdk.h"

int main() {
  auto tracing = spandrel::sdk::Init("hello");
  auto tracer = opentelemetry::trace::Provider::GetTracerProvider()->GetTracer("hello");
  tracer->StartSpan("hello from a package")->End();
  const bool acknowledged = tracing.ForceFlush();
  std::printf("exported %llu\n", static_cast<unsigned long long>(tracing.stats().exported));
  return acknowledged ? 0 : 1;
}
