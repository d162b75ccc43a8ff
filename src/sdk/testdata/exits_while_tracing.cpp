// SPDX-License-Identifier: Apache-2.0
// usage: exits_while_tracing MODE. Returns from main while threads trace; exit_test.cc says in which
// ways. All that the API offers is used until the end.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "opentelemetry/baggage/baggage_context.h"
#include "opentelemetry/context/propagation/global_propagator.h"
#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/provider.h"
#include "opentelemetry/trace/scope.h"
#include "spandrel/http.h"
#include "spandrel/sdk.h"

namespace {

namespace nostd = opentelemetry::nostd;
namespace otel_context = opentelemetry::context;
using otel_context::propagation::GlobalTextMapPropagator;
using spandrel::http::HeaderReader;
using spandrel::http::HeaderWriter;

// Takes everything at once.
class Sink final : public spandrel::sdk::RequestSink {
 public:
  bool Export(std::string_view, std::chrono::milliseconds) override { return true; }
};

// A request served, with a span of its own, and a call made.
void Trace() {
  static const auto& tracing = spandrel::http::Instrumentation::Default();
  spandrel::http::ServerRequest request;
  request.method = "GET";
  request.target = "/a?b=c";
  spandrel::http::ServerSpan server(
      tracing, request, HeaderReader([](std::string_view name) -> std::string_view {
        if (name == "traceparent") return "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        if (name == "tracestate") return "a=1,b=2";
        return name == "baggage" ? "k=v" : "";
      }));
  const auto tracer = opentelemetry::trace::Provider::GetTracerProvider()->GetTracer("work");
  auto span = tracer->StartSpan("work", {{"k", "v"}});
  const opentelemetry::trace::Scope scope(span);
  (void)span->GetContext().trace_state()->ToHeader();
  (void)opentelemetry::baggage::GetBaggage(otel_context::RuntimeContext::GetCurrent())->ToHeader();
  spandrel::http::ClientRequest call;
  call.method = "GET";
  call.url = "http://127.0.0.1/";
  spandrel::http::ClientSpan client(tracing, call);
  std::map<std::string, std::string> headers;
  HeaderWriter writer([&headers](std::string_view name, std::string_view value) {
    headers[std::string(name)] = std::string(value);
  });
  client.Inject(writer);
  span->End();
}

struct TracesWhenDestroyed {
  ~TracesWhenDestroyed() { Trace(); }
};

void StartThreads() {
  static std::atomic<int> running{0};
  constexpr int kThreads = 3;
  for (int i = 0; i < kThreads; ++i) {
    std::thread([] {
      Trace();
      ++running;
      while (true) Trace();
    }).detach();
  }
  while (running < kThreads) std::this_thread::yield();
}

// Destroyed after everything else that this program makes.
const TracesWhenDestroyed g_first;

spandrel::sdk::Options MakeOptions() {
  spandrel::sdk::Options options;
  options.service_name = "exits";
  options.exporter.sink = std::make_shared<Sink>();
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  spandrel::sdk::Options options = MakeOptions();
  if (mode == "disabled") options.disabled = true;
  if (mode == "local") {
    const auto tracing = spandrel::sdk::Init(options);
    StartThreads();
    return 0;
  }
  if (mode == "kept") {
    // Nobody destroys it.
    static auto* const tracing = new spandrel::sdk::Provider(spandrel::sdk::Init(options));
    (void)tracing;
    StartThreads();
    return 0;
  }
  // Destroyed between other statics that still trace.
  static spandrel::sdk::Provider tracing = spandrel::sdk::Init(options);
  static const TracesWhenDestroyed last;
  StartThreads();
  if (mode == "exit") std::exit(0);
  return 0;
}
