// SPDX-License-Identifier: Apache-2.0
// Spans that end when nobody expects them: in destructors of statics and thread-locals, after the
// shutdown, and in a library that is unloaded.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "opentelemetry/trace/provider.h"
#include "opentelemetry/trace/scope.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/testing/collector.h"
#include "sdk/testing/fake_collector.h"

namespace spandrel::sdk {
namespace {

bool is_forked = false;

}  // namespace
}  // namespace spandrel::sdk

#if defined(SPANDREL_ADDRESS_SANITIZER)
// A child has what its parent's threads hold, without the threads: it leaks by design.
extern "C" int __lsan_is_turned_off() {
  return spandrel::sdk::is_forked ? 1 : 0;
}
#endif

namespace spandrel::sdk {
namespace {

namespace nostd = opentelemetry::nostd;
using std::chrono::seconds;

using SpanPtr = nostd::shared_ptr<opentelemetry::trace::Span>;
using TracerPtr = nostd::shared_ptr<opentelemetry::trace::Tracer>;

// Ends a span and makes another when it is destroyed.
struct EndsLate {
  SpanPtr span;
  TracerPtr tracer;
  ~EndsLate() {
    if (tracer == nullptr) return;
    span->SetAttribute("late", true);
    span->End();
    const opentelemetry::trace::Scope scope(tracer->StartSpan("later still"));
    tracer->StartSpan("latest", {{"k", "v"}})->End();
  }
};

template <typename Run>
int ExitCodeOf(Run run) {
  const pid_t child = fork();
  if (child == 0) {
    is_forked = true;
    run();
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(LifetimeTest, ThreadLocalsMayEndSpans) {
  FakeCollector collector;
  ProviderCore& core = MakeProviderCore({}, collector.factory());
  const auto tracer = core.GetTracer("test", "", "");
  for (const bool before : {true, false}) {
    std::thread([&] {
      // Destroyed after what the tracer keeps for the thread, or before it.
      if (!before) tracer->StartSpan("first")->End();
      static thread_local EndsLate late;
      late.tracer = tracer;
      late.span = tracer->StartSpan("kept");
      if (before) tracer->StartSpan("first")->End();
    }).join();
  }
  EXPECT_TRUE(core.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.Spans().size(), 8u);
  EXPECT_TRUE(core.Shutdown(seconds(5)));
}

TEST(LifetimeTest, StaticsMayEndSpans) {
  Collector collector;
  const int code = ExitCodeOf([&collector] {
    static EndsLate made_first;
    Options options;
    options.exporter.endpoint = collector.url();
    static Provider provider = Init(options);
    static EndsLate made_last;
    const auto tracer = provider.tracer_provider()->GetTracer("test");
    for (EndsLate* late : {&made_first, &made_last}) {
      late->tracer = tracer;
      late->span = tracer->StartSpan("kept");
    }
    std::exit(7);
  });
  EXPECT_EQ(code, 7);
  EXPECT_GE(collector.spans(), 3u) << "what ended before the provider's destructor";
}

TEST(LifetimeTest, SpansOutliveTheirProvider) {
  SpanPtr span;
  TracerPtr tracer;
  {
    Options options;
    options.exporter.endpoint = "http://127.0.0.1:1";
    options.shutdown_timeout = Milliseconds(1);
    const Provider provider = MakeProvider(options);
    tracer = provider.tracer_provider()->GetTracer("test");
    span = tracer->StartSpan("s");
  }
  span->SetAttribute("k", "v");
  span->End();
  EXPECT_FALSE(tracer->StartSpan("t")->IsRecording());
}

#if defined(SPANDREL_TRACED_PLUGIN)
// A library with a tracer of its own is loaded, makes spans, and is unloaded without a shutdown.
TEST(LifetimeTest, ALibraryThatTracesMayBeUnloaded) {
  Collector collector;
  const int code = ExitCodeOf([&collector] {
    for (int i = 0; i < 3; ++i) {
      void* const library = dlopen(SPANDREL_TRACED_PLUGIN, RTLD_NOW | RTLD_LOCAL);
      if (library == nullptr) _exit(1);
      auto* const trace = reinterpret_cast<void (*)(const char*, int)>(dlsym(library, "Trace"));
      if (trace == nullptr) _exit(2);
      trace(collector.url().c_str(), 10);
      std::thread([trace, &collector] { trace(collector.url().c_str(), 5); }).join();
      if (dlclose(library) != 0) _exit(3);
    }
    std::exit(0);
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(collector.spans(), 45u);
}
#endif

}  // namespace
}  // namespace spandrel::sdk
