// SPDX-License-Identifier: Apache-2.0
// A library with a tracer of its own, for lifetime_test.cc.
#include "opentelemetry/trace/provider.h"
#include "spandrel/sdk.h"

extern "C" __attribute__((visibility("default"))) void Trace(const char* endpoint, int spans) {
  static spandrel::sdk::Provider* const provider = [endpoint] {
    spandrel::sdk::Options options;
    options.exporter.endpoint = endpoint;
    return new spandrel::sdk::Provider(spandrel::sdk::MakeProvider(options));
  }();
  const auto tracer = provider->tracer_provider()->GetTracer("plugin");
  for (int i = 0; i < spans; ++i) tracer->StartSpan("span", {{"number", i}})->End();
}
