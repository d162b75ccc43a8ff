// SPDX-License-Identifier: Apache-2.0
// What tracing one HTTP request costs the thread that serves it, without a network: headers read,
// parent extracted, span started and made current, route, status, end. Spandrel's ServerSpan over
// Spandrel's tracer, the same span made by hand with Debian's opentelemetry-cpp, and what of it is
// the tracer's own: one span with the same attributes, already worked out. In one process, in
// turns, CPU time of the thread, median of the rounds.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opentelemetry/baggage/propagation/baggage_propagator.h"
#include "opentelemetry/context/propagation/composite_propagator.h"
#include "opentelemetry/sdk/resource/resource.h"
#include "opentelemetry/sdk/trace/batch_span_processor.h"
#include "opentelemetry/sdk/trace/batch_span_processor_options.h"
#include "opentelemetry/sdk/trace/exporter.h"
#include "opentelemetry/sdk/trace/samplers/always_off.h"
#include "opentelemetry/sdk/trace/samplers/always_on.h"
#include "opentelemetry/sdk/trace/samplers/parent.h"
#include "opentelemetry/sdk/trace/span_data.h"
#include "opentelemetry/sdk/trace/tracer_provider.h"
#include "opentelemetry/trace/propagation/http_trace_context.h"
#include "opentelemetry/trace/scope.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "spandrel/context.h"
#include "spandrel/http.h"
#include "spandrel/sdk.h"

namespace {

namespace api = opentelemetry::trace;
namespace context = opentelemetry::context;
namespace http = spandrel::http;
namespace nostd = opentelemetry::nostd;
namespace peer = opentelemetry::sdk::trace;
using spandrel::sdk::ExportOptions;
using spandrel::sdk::ProviderCore;
using spandrel::sdk::Transport;

constexpr int kRequestsARound = 1'500;  // within the peer's queue of 2,048
constexpr char kRoute[] = "/api/v1/users/{id}/orders";
constexpr char kTarget[] = "/api/v1/users/8412345/orders?page=2&size=50";
constexpr char kSampledParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kUnsampledParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

using HeaderMap = std::map<std::string, std::string, std::less<>>;

HeaderMap MakeHeaders(const char* parent) {
  HeaderMap headers = {{"accept", "application/json"},
                       {"accept-encoding", "gzip, deflate"},
                       {"connection", "keep-alive"},
                       {"host", "shop.example.com"},
                       {"user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0"},
                       {"x-request-id", "b7e4f0a2c91d"}};
  if (parent != nullptr) headers["traceparent"] = parent;
  return headers;
}

std::string_view Find(const HeaderMap& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

// Says yes to everything.
class NullTransport final : public Transport {
 public:
  void Send(std::shared_ptr<const std::string>, std::chrono::milliseconds,
            std::function<void(Outcome)> done) override {
    done({});
  }
};

class NullExporter final : public peer::SpanExporter {
 public:
  std::unique_ptr<peer::Recordable> MakeRecordable() noexcept override {
    return std::make_unique<peer::SpanData>();
  }
  opentelemetry::sdk::common::ExportResult Export(
      const nostd::span<std::unique_ptr<peer::Recordable>>&) noexcept override {
    return opentelemetry::sdk::common::ExportResult::kSuccess;
  }
  bool ForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool Shutdown(std::chrono::microseconds) noexcept override { return true; }
};

// What serves one request in some way.
struct Candidate {
  const char* name;
  std::function<void(const HeaderMap&)> serve;
  std::function<void()> flush;
};

ProviderCore& OurProvider() {
  static ProviderCore& core = [&]() -> ProviderCore& {
    spandrel::sdk::Options options;
    options.exporter.schedule_delay = std::chrono::minutes(1);
    options.sampler.root = spandrel::sdk::SamplerOptions::Root::kAlwaysOff;
    return MakeProviderCore(options,
                            [](const ExportOptions&) { return std::make_unique<NullTransport>(); });
  }();
  return core;
}

void FlushOurs() {
  (void)OurProvider().ForceFlush(std::chrono::seconds(10));
}

http::Instrumentation MakeInstrumentation() {
  http::Options options;
  options.tracer_provider =
      std::shared_ptr<api::TracerProvider>(std::shared_ptr<void>(), &OurProvider());
  return http::Instrumentation(options);
}

http::ServerRequest Describe() {
  http::ServerRequest request;
  request.method = "GET";
  request.target = kTarget;
  request.protocol_version = "1.1";
  request.peer_address = "192.0.2.143";
  request.peer_port = 51'234;
  return request;
}

Candidate Middleware() {
  return {"spandrel",
          [tracing = MakeInstrumentation()](const HeaderMap& headers) {
            http::ServerSpan span(
                tracing, Describe(),
                http::HeaderReader([&](std::string_view name) { return Find(headers, name); }));
            span.SetRoute(kRoute);
            span.SetStatusCode(200);
          },
          FlushOurs};
}

// The attributes that the middleware sets, as constants.
void SetAttributes(api::Span& span) {
  span.SetAttribute("http.request.method", "GET");
  span.SetAttribute("url.path", "/api/v1/users/8412345/orders");
  span.SetAttribute("url.query", "page=2&size=50");
  span.SetAttribute("url.scheme", "http");
  span.SetAttribute("server.address", "shop.example.com");
  span.SetAttribute("server.port", 80);
  span.SetAttribute("client.address", "192.0.2.143");
  span.SetAttribute("network.peer.address", "192.0.2.143");
  span.SetAttribute("network.peer.port", 51'234);
  span.SetAttribute("network.protocol.version", "1.1");
  span.SetAttribute("user_agent.original",
                    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0");
}

void Answer(api::Span& span) {
  span.SetAttribute("http.route", kRoute);
  span.UpdateName("GET /api/v1/users/{id}/orders");
  span.SetAttribute("http.response.status_code", 200);
  span.End();
}

Candidate TracerAlone() {
  const auto tracer = OurProvider().GetTracer("bench", "1", "");
  return {"of it spandrel's tracer",
          [tracer](const HeaderMap& headers) {
            api::StartSpanOptions options;
            options.kind = api::SpanKind::kServer;
            const bool sampled = Find(headers, "traceparent").back() == '1';
            const uint8_t id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
            options.parent = api::SpanContext(api::TraceId(id), api::SpanId({id, 8}),
                                              api::TraceFlags(sampled ? 1 : 0), true);
            const auto span = tracer->StartSpan("GET", options);
            if (span->IsRecording()) SetAttributes(*span);
            Answer(*span);
          },
          FlushOurs};
}

class MapCarrier final : public http::Carrier {
 public:
  explicit MapCarrier(const HeaderMap& headers) : headers_(headers) {}
  nostd::string_view Get(nostd::string_view key) const noexcept override {
    const std::string_view found = Find(headers_, {key.data(), key.size()});
    return {found.data(), found.size()};
  }
  void Set(nostd::string_view, nostd::string_view) noexcept override {}

 private:
  const HeaderMap& headers_;
};

Candidate ByHand() {
  auto provider = std::make_shared<peer::TracerProvider>(
      std::make_unique<peer::BatchSpanProcessor>(std::make_unique<NullExporter>(),
                                                 peer::BatchSpanProcessorOptions()),
      opentelemetry::sdk::resource::Resource::Create({}),
      std::make_unique<peer::ParentBasedSampler>(std::make_shared<peer::AlwaysOffSampler>()));
  std::vector<std::unique_ptr<context::propagation::TextMapPropagator>> propagators;
  propagators.push_back(std::make_unique<api::propagation::HttpTraceContext>());
  propagators.push_back(std::make_unique<opentelemetry::baggage::propagation::BaggagePropagator>());
  const auto propagator =
      std::make_shared<context::propagation::CompositePropagator>(std::move(propagators));
  const auto tracer = provider->GetTracer("bench", "1", "");
  return {"by hand, otel-cpp batch",
          [=](const HeaderMap& headers) {
            context::Context current = context::RuntimeContext::GetCurrent();
            api::StartSpanOptions options;
            options.kind = api::SpanKind::kServer;
            options.parent = propagator->Extract(MapCarrier(headers), current);
            const auto span = tracer->StartSpan("GET", options);
            const api::Scope scope(span);
            if (span->IsRecording()) SetAttributes(*span);
            Answer(*span);
          },
          [provider] { provider->ForceFlush(std::chrono::seconds(10)); }};
}

double ThreadCpuNanos() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double Round(const HeaderMap& headers, const Candidate& candidate) {
  const double start = ThreadCpuNanos();
  for (int i = 0; i < kRequestsARound; ++i) candidate.serve(headers);
  const double spent = ThreadCpuNanos() - start;
  candidate.flush();
  return spent / kRequestsARound;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

void PrintCase(const char* name, const char* parent, const std::vector<Candidate>& candidates,
               int rounds) {
  const HeaderMap headers = MakeHeaders(parent);
  std::vector<std::vector<double>> spent(candidates.size());
  for (int round = -2; round < rounds; ++round) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      const double nanos = Round(headers, candidates[i]);
      if (round >= 0) spent[i].push_back(nanos);
    }
  }
  std::printf("%-34s", name);
  for (const auto& values : spent) std::printf(" %23.0f ns", Median(values));
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  spandrel::context::Install();  // as spandrel::sdk::Init does
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 101;
  spandrel::sdk::InstallPropagators();
  const std::vector<Candidate> candidates = {Middleware(), TracerAlone(), ByHand()};
  std::printf("thread CPU time of one request, median of %d rounds of %d\n\n%-34s", rounds,
              kRequestsARound, "middleware");
  for (const Candidate& candidate : candidates) std::printf(" %26s", candidate.name);
  std::printf("\n");
  PrintCase("one request, sampled", kSampledParent, candidates, rounds);
  PrintCase("one request, not sampled", kUnsampledParent, candidates, rounds);
  return 0;
}
