// SPDX-License-Identifier: Apache-2.0
// What one span costs the thread that makes it: Spandrel's tracer and Debian's opentelemetry-cpp
// behind the same API calls, in one process, in turns. CPU time of the thread, median of the
// rounds. Between rounds both are flushed, outside the measurement, so that neither drops spans.
// The context of a thread is kept by spandrel/context.h for both, since a process has one storage.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "allocation_count.h"
#include "measure.h"
#include "opentelemetry/exporters/otlp/otlp_recordable.h"
#include "opentelemetry/exporters/otlp/otlp_recordable_utils.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "opentelemetry/sdk/resource/resource.h"
#include "opentelemetry/sdk/trace/batch_span_processor.h"
#include "opentelemetry/sdk/trace/batch_span_processor_options.h"
#include "opentelemetry/sdk/trace/exporter.h"
#include "opentelemetry/sdk/trace/processor.h"
#include "opentelemetry/sdk/trace/samplers/always_off.h"
#include "opentelemetry/sdk/trace/samplers/always_on.h"
#include "opentelemetry/sdk/trace/span_data.h"
#include "opentelemetry/sdk/trace/tracer_provider.h"
#include "opentelemetry/trace/scope.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "spandrel/context.h"

namespace {

namespace api = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;
namespace otlp = opentelemetry::exporter::otlp;
namespace peer = opentelemetry::sdk::trace;
using spandrel::bench::AllocationsOfThisThread;
using spandrel::bench::Median;
using spandrel::bench::ProcessCpuNanos;
using spandrel::bench::ReadNanos;
using spandrel::bench::ThreadCpuNanos;
using spandrel::sdk::ExportOptions;
using spandrel::sdk::ProviderCore;
using spandrel::sdk::Transport;

constexpr int kSpansARound = 1'500;  // within the peer's queue of 2,048
constexpr int kInlineSpans = 900;    // so few that our exporter is not woken
using TracerPtr = nostd::shared_ptr<api::Tracer>;

// Says yes to everything.
class NullTransport final : public Transport {
 public:
  void Send(std::shared_ptr<const std::string>, std::chrono::milliseconds,
            std::function<void(Outcome)> done) override {
    done({});
  }
};

// The peer's exporters: SpanData thrown away, and OTLP messages serialised and then thrown away.
class NullExporter final : public peer::SpanExporter {
 public:
  explicit NullExporter(bool otlp_messages) : otlp_(otlp_messages) {}
  std::unique_ptr<peer::Recordable> MakeRecordable() noexcept override {
    if (otlp_) return std::make_unique<otlp::OtlpRecordable>();
    return std::make_unique<peer::SpanData>();
  }
  opentelemetry::sdk::common::ExportResult Export(
      const nostd::span<std::unique_ptr<peer::Recordable>>& spans) noexcept override {
    if (otlp_) {
      opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest request;
      otlp::OtlpRecordableUtils::PopulateRequest(spans, &request);
      bytes_ += request.SerializeAsString().size();
    }
    return opentelemetry::sdk::common::ExportResult::kSuccess;
  }
  bool ForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool Shutdown(std::chrono::microseconds) noexcept override { return true; }

 private:
  const bool otlp_;
  size_t bytes_ = 0;
};

// A tracer under test.
struct Candidate {
  const char* name;
  TracerPtr tracer;
  std::function<void()> flush;
};

Candidate Ours(const char* name, bool sampled) {
  spandrel::sdk::Options options;
  options.exporter.schedule_delay = std::chrono::minutes(1);
  if (!sampled) options.sampler.root = spandrel::sdk::SamplerOptions::Root::kAlwaysOff;
  ProviderCore& core = MakeProviderCore(
      options, [](const ExportOptions&) { return std::make_unique<NullTransport>(); });
  return {name, core.GetTracer("bench", "1", ""),
          [&core] { (void)core.ForceFlush(std::chrono::seconds(10)); }};
}

// Makes the peer's spans and frees them when they end.
class InlineProcessor final : public peer::SpanProcessor {
 public:
  std::unique_ptr<peer::Recordable> MakeRecordable() noexcept override {
    return std::make_unique<peer::SpanData>();
  }
  void OnStart(peer::Recordable&, const api::SpanContext&) noexcept override {}
  void OnEnd(std::unique_ptr<peer::Recordable>&&) noexcept override {}
  bool ForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool Shutdown(std::chrono::microseconds) noexcept override { return true; }
};

std::unique_ptr<peer::SpanProcessor> Batch(bool otlp_messages) {
  return std::make_unique<peer::BatchSpanProcessor>(std::make_unique<NullExporter>(otlp_messages),
                                                    peer::BatchSpanProcessorOptions());
}

Candidate Theirs(const char* name, bool sampled, std::unique_ptr<peer::SpanProcessor> processor) {
  std::unique_ptr<peer::Sampler> sampler = std::make_unique<peer::AlwaysOnSampler>();
  if (!sampled) sampler = std::make_unique<peer::AlwaysOffSampler>();
  auto provider = std::make_shared<peer::TracerProvider>(
      std::move(processor), opentelemetry::sdk::resource::Resource::Create({}), std::move(sampler));
  return {name, provider->GetTracer("bench", "1", ""),
          [provider] { provider->ForceFlush(std::chrono::seconds(10)); }};
}

void SetAttributes(api::Span& span, int count) {
  if (count >= 5) {
    span.SetAttribute("http.request.method", "GET");
    span.SetAttribute("url.scheme", "https");
    span.SetAttribute("url.path", "/api/v1/users/8412345/orders");
    span.SetAttribute("http.response.status_code", 200);
    span.SetAttribute("server.address", "shop.example.com");
  }
  if (count >= 10) {
    span.SetAttribute("server.port", 443);
    span.SetAttribute("network.protocol.version", "1.1");
    span.SetAttribute("client.address", "192.0.2.143");
    span.SetAttribute("http.route", "/api/v1/users/{id}/orders");
    span.SetAttribute("user_agent.original",
                      "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
  }
}

void MakeSpan(api::Tracer& tracer, int attributes) {
  const auto span = tracer.StartSpan("GET /api/v1/users/{id}/orders");
  SetAttributes(*span, attributes);
  span->End();
}

void MakeChild(api::Tracer& tracer, int attributes) {
  const auto span = tracer.StartSpan("GET /api/v1/users/{id}/orders");
  const api::Scope scope(span);
  SetAttributes(*span, attributes);
  span->End();
}

struct Case {
  const char* name;
  std::function<void(api::Tracer&)> work;
  bool inside_a_span = false;
  int threads = 1;
  int spans = kSpansARound;
  bool whole_process = false;  // with what the flush and the exporter's threads take
};

// Of one thread that makes a round's spans, a span.
double ThreadRound(const Case& test, api::Tracer& tracer) {
  const auto parent = tracer.StartSpan("parent");
  std::unique_ptr<api::Scope> scope;
  if (test.inside_a_span) scope = std::make_unique<api::Scope>(parent);
  const double start = ThreadCpuNanos();
  for (int i = 0; i < test.spans; ++i) test.work(tracer);
  const double spent = ThreadCpuNanos() - start;
  scope.reset();
  parent->End();
  return spent / test.spans;
}

double Round(const Case& test, const Candidate& candidate) {
  const double process_start = ProcessCpuNanos();
  double spent = 0;
  if (test.threads == 1) {
    spent = ThreadRound(test, *candidate.tracer);
  } else {
    std::vector<double> each(static_cast<size_t>(test.threads));
    std::vector<std::thread> threads;
    for (double& nanos : each) {
      threads.emplace_back([&] { nanos = ThreadRound(test, *candidate.tracer); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const double nanos : each) spent += nanos / test.threads;
  }
  candidate.flush();
  return test.whole_process ? (ProcessCpuNanos() - process_start) / test.spans : spent;
}

std::vector<double> Measure(const Case& test, const std::vector<Candidate>& candidates,
                            int rounds) {
  std::vector<std::vector<double>> spent(candidates.size());
  for (int round = -2; round < rounds; ++round) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      const double nanos = Round(test, candidates[i]);
      if (round >= 0) spent[i].push_back(nanos);
    }
  }
  std::vector<double> medians;
  for (const auto& values : spent) medians.push_back(Median(values));
  return medians;
}

void PrintHead(const char* title, const std::vector<Candidate>& candidates) {
  std::printf("\n%-34s", title);
  for (const Candidate& candidate : candidates) std::printf(" %26s", candidate.name);
  std::printf("\n");
}

void PrintTable(const char* title, const std::vector<Case>& cases,
                const std::vector<Candidate>& candidates, int rounds) {
  PrintHead(title, candidates);
  for (const Case& test : cases) {
    std::printf("%-34s", test.name);
    for (const double nanos : Measure(test, candidates, rounds)) std::printf(" %23.0f ns", nanos);
    std::printf("\n");
    std::fflush(stdout);
  }
}

// Of the calling thread, a span, once pools and blocks are there.
void PrintAllocations(const std::function<void(api::Tracer&)>& work,
                      const std::vector<Candidate>& candidates) {
  PrintHead("allocations", candidates);
  std::printf("%-34s", "sampled, 5 attributes");
  for (const Candidate& candidate : candidates) {
    for (int i = 0; i < kInlineSpans; ++i) work(*candidate.tracer);
    candidate.flush();
    work(*candidate.tracer);
    const uint64_t before = AllocationsOfThisThread();
    for (int i = 0; i < kInlineSpans; ++i) work(*candidate.tracer);
    const double allocations = static_cast<double>(AllocationsOfThisThread() - before);
    candidate.flush();
    std::printf(" %19.2f allocs", allocations / kInlineSpans);
  }
  std::printf("\n");
}

constexpr double kMillisecond = 1e6;

double Now() {
  return ReadNanos(CLOCK_MONOTONIC);
}

// Of a process that has just begun: what a span takes in the first 100 ms and what it takes later.
struct StartCost {
  double early = 0;
  double later = 0;
};

StartCost MeasureStart(const Case& test) {
  const double begin = Now();
  const Candidate ours = Ours("spandrel", true);
  for (int i = 0; i < 2; ++i) (void)Round(test, ours);  // pools and blocks
  std::vector<double> early;
  std::vector<double> later;
  while (Now() < begin + 300 * kMillisecond) {
    const bool late = Now() > begin + 150 * kMillisecond;
    const double nanos = Round(test, ours);
    if (late) later.push_back(nanos);
    if (Now() < begin + 100 * kMillisecond) early.push_back(nanos);
  }
  return {Median(early), Median(later)};
}

// This program anew.
StartCost MeasureStartOfAProcess() {
  char path[PATH_MAX] = {};
  StartCost cost;
  if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0) return cost;
  FILE* const output = popen((std::string("'") + path + "' --start").c_str(), "r");
  if (output == nullptr) return cost;
  if (std::fscanf(output, "%lf %lf", &cost.early, &cost.later) != 2) cost = {};
  pclose(output);
  return cost;
}

void PrintStart(const char* name, int rounds) {
  std::vector<double> early;
  std::vector<double> later;
  for (int i = 0; i < rounds; ++i) {
    const StartCost cost = MeasureStartOfAProcess();
    early.push_back(cost.early);
    later.push_back(cost.later);
  }
  std::printf("\n%-34s %26s %26s\n", "sampled, inline, start of process", "first 100 ms", "later");
  std::printf("%-34s %23.0f ns %23.0f ns\n", name, Median(early), Median(later));
}

// What only the first spans of a process take is a figure of its own.
void WarmUp(const Case& test, const Candidate& candidate) {
  const double end = Now() + 200 * kMillisecond;
  while (Now() < end) (void)Round(test, candidate);
}

}  // namespace

int main(int argc, char** argv) {
  spandrel::context::Install();
  Case inline_case{"5 attributes", [](api::Tracer& tracer) { MakeSpan(tracer, 5); }};
  inline_case.spans = kInlineSpans;
  if (argc > 1 && std::string_view(argv[1]) == "--start") {
    const StartCost cost = MeasureStart(inline_case);
    std::printf("%.1f %.1f\n", cost.early, cost.later);
    return 0;
  }
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 101;
  std::printf("thread CPU time of one span, median of %d rounds of %d\n", rounds, kSpansARound);
  const auto make = [](int attributes) {
    return [attributes](api::Tracer& tracer) { MakeSpan(tracer, attributes); };
  };
  const auto child = [](api::Tracer& tracer) { MakeChild(tracer, 5); };
  const Candidate ours = Ours("spandrel", true);
  const Candidate their_data = Theirs("otel-cpp batch, SpanData", true, Batch(false));
  const Candidate their_otlp = Theirs("otel-cpp batch, OTLP", true, Batch(true));

  PrintStart("5 attributes", std::max(1, rounds / 10));
  WarmUp(inline_case, ours);
  PrintTable("sampled, inline", {inline_case},
             {ours, Theirs("otel-cpp inline, SpanData", true, std::make_unique<InlineProcessor>())},
             rounds);
  PrintTable("sampled",
             {{"no attributes", make(0)},
              {"5 attributes", make(5)},
              {"10 attributes", make(10)},
              {"child, made current, 5 attributes", child, true}},
             {ours, their_data, their_otlp}, rounds);
  Case process_case{"5 attributes", make(5)};
  process_case.whole_process = true;
  PrintTable("sampled, whole process", {process_case}, {ours, their_data, their_otlp}, rounds);
  PrintTable("not sampled",
             {{"5 attributes", make(5)},
              {"5 attributes, each of 2 threads", make(5), false, 2},
              {"child, made current, 5 attributes", child, true}},
             {Ours("spandrel", false), Theirs("otel-cpp batch, SpanData", false, Batch(false))},
             rounds);
  PrintAllocations(make(5), {ours, their_data, their_otlp});
  return 0;
}
