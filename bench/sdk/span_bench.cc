// SPDX-License-Identifier: Apache-2.0
// What one span costs the thread that makes it: Spandrel's tracer and Debian's opentelemetry-cpp
// behind the same API calls, in one process, in turns. CPU time of the thread, median of the
// rounds. Between rounds both are flushed, outside the measurement, so that neither drops spans.
// The context of a thread is kept by spandrel/context.h for both, since a process has one storage.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "measure.h"
#include "opentelemetry/exporters/otlp/otlp_recordable.h"
#include "opentelemetry/exporters/otlp/otlp_recordable_utils.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "opentelemetry/sdk/resource/resource.h"
#include "opentelemetry/sdk/trace/batch_span_processor.h"
#include "opentelemetry/sdk/trace/batch_span_processor_options.h"
#include "opentelemetry/sdk/trace/exporter.h"
#include "opentelemetry/sdk/trace/samplers/always_off.h"
#include "opentelemetry/sdk/trace/samplers/always_on.h"
#include "opentelemetry/sdk/trace/span_data.h"
#include "opentelemetry/sdk/trace/tracer_provider.h"
#include "opentelemetry/trace/scope.h"
#include "sdk/provider_core.h"
#include "spandrel/context.h"

namespace {

namespace api = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;
namespace otlp = opentelemetry::exporter::otlp;
namespace peer = opentelemetry::sdk::trace;
using spandrel::bench::Median;
using spandrel::bench::ThreadCpuNanos;
using spandrel::sdk::ExportOptions;
using spandrel::sdk::ProviderCore;
using spandrel::sdk::Transport;

constexpr int kSpansARound = 1'500;  // within the peer's queue of 2,048
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
  ProviderCore& core = ProviderCore::Make(
      options, [](const ExportOptions&) { return std::make_unique<NullTransport>(); });
  return {name, core.GetTracer("bench", "1", ""),
          [&core] { (void)core.ForceFlush(std::chrono::seconds(10)); }};
}

Candidate Theirs(const char* name, bool sampled, bool otlp_messages) {
  auto processor = std::make_unique<peer::BatchSpanProcessor>(
      std::make_unique<NullExporter>(otlp_messages), peer::BatchSpanProcessorOptions());
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
};

double Round(const Case& test, const Candidate& candidate) {
  api::Tracer& tracer = *candidate.tracer;
  const auto parent = tracer.StartSpan("parent");
  std::unique_ptr<api::Scope> scope;
  if (test.inside_a_span) scope = std::make_unique<api::Scope>(parent);
  const double start = ThreadCpuNanos();
  for (int i = 0; i < kSpansARound; ++i) test.work(tracer);
  const double spent = ThreadCpuNanos() - start;
  scope.reset();
  parent->End();
  candidate.flush();
  return spent / kSpansARound;
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

void PrintTable(const char* title, const std::vector<Case>& cases,
                const std::vector<Candidate>& candidates, int rounds) {
  std::printf("\n%-34s", title);
  for (const Candidate& candidate : candidates) std::printf(" %26s", candidate.name);
  std::printf("\n");
  for (const Case& test : cases) {
    std::printf("%-34s", test.name);
    for (const double nanos : Measure(test, candidates, rounds)) std::printf(" %23.0f ns", nanos);
    std::printf("\n");
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  spandrel::context::Install();
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 101;
  std::printf("thread CPU time of one span, median of %d rounds of %d\n", rounds, kSpansARound);
  const std::vector<Case> cases = {
      {"no attributes", [](api::Tracer& tracer) { MakeSpan(tracer, 0); }},
      {"5 attributes", [](api::Tracer& tracer) { MakeSpan(tracer, 5); }},
      {"10 attributes", [](api::Tracer& tracer) { MakeSpan(tracer, 10); }},
      {"child, made current, 5 attributes", [](api::Tracer& tracer) { MakeChild(tracer, 5); },
       true},
  };
  PrintTable("sampled", cases,
             {Ours("spandrel", true), Theirs("otel-cpp batch, SpanData", true, false),
              Theirs("otel-cpp batch, OTLP", true, true)},
             rounds);
  PrintTable("not sampled", {cases[1], cases[3]},
             {Ours("spandrel", false), Theirs("otel-cpp batch, SpanData", false, false)}, rounds);
  return 0;
}
