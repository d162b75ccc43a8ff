// SPDX-License-Identifier: Apache-2.0
// What it costs a thread to read a request's context from its headers and to write it to those of
// the next: Spandrel's propagators and the ones of opentelemetry-cpp, through the same API calls,
// in one process, in turns. CPU time of the thread, median of the rounds, and allocations a call.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "allocation_count.h"
#include "measure.h"
#include "opentelemetry/baggage/propagation/baggage_propagator.h"
#include "opentelemetry/context/propagation/composite_propagator.h"
#include "opentelemetry/trace/propagation/http_trace_context.h"
#include "sdk/propagation/propagator.h"
#include "wire/w3c/trace_context.h"

namespace {

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;
namespace trace_api = opentelemetry::trace;
using Propagator = context::propagation::TextMapPropagator;

constexpr int kCallsARound = 2'000;
constexpr std::string_view kTraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr std::string_view kTraceState = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
constexpr std::string_view kBaggage = "user.id=8412345,region=eu-west-1;ttl=60";

// Headers that cost next to nothing to find and to set.
class ArrayCarrier final : public context::propagation::TextMapCarrier {
 public:
  void Add(std::string_view key, std::string_view value) { headers_[size_++] = {key, value}; }

  nostd::string_view Get(nostd::string_view key) const noexcept override {
    for (size_t i = 0; i < size_; ++i) {
      const auto& [name, value] = headers_[i];
      if (name == std::string_view(key.data(), key.size())) return {value.data(), value.size()};
    }
    return "";
  }
  void Set(nostd::string_view, nostd::string_view value) noexcept override {
    std::memcpy(written_.data(), value.data(), std::min(value.size(), written_.size()));
  }

 private:
  std::array<std::pair<std::string_view, std::string_view>, 4> headers_;
  size_t size_ = 0;
  std::array<char, 512> written_;
};

ArrayCarrier Headers(bool trace_state, bool baggage) {
  ArrayCarrier carrier;
  carrier.Add("traceparent", kTraceParent);
  if (trace_state) carrier.Add("tracestate", kTraceState);
  if (baggage) carrier.Add("baggage", kBaggage);
  return carrier;
}

struct Figures {
  double nanos = 0;
  double allocations = 0;
};

struct Case {
  std::string name;
  std::vector<std::function<void()>> work;  // one for each candidate
};

Figures Round(const std::function<void()>& work) {
  const uint64_t allocations = spandrel::bench::AllocationsOfThisThread();
  const double start = spandrel::bench::ThreadCpuNanos();
  for (int i = 0; i < kCallsARound; ++i) work();
  const double spent = spandrel::bench::ThreadCpuNanos() - start;
  const uint64_t allocated = spandrel::bench::AllocationsOfThisThread() - allocations;
  return {spent / kCallsARound, static_cast<double>(allocated) / kCallsARound};
}

std::vector<Figures> Measure(const Case& test, int rounds) {
  std::vector<std::vector<double>> spent(test.work.size());
  std::vector<Figures> figures(test.work.size());
  for (int round = -2; round < rounds; ++round) {
    for (size_t i = 0; i < test.work.size(); ++i) {
      figures[i] = Round(test.work[i]);
      if (round >= 0) spent[i].push_back(figures[i].nanos);
    }
  }
  for (size_t i = 0; i < figures.size(); ++i) figures[i].nanos = spandrel::bench::Median(spent[i]);
  return figures;
}

void PrintHead(const std::string& title, const std::vector<const char*>& candidates) {
  std::printf("\n%-46s", title.c_str());
  for (const char* candidate : candidates) std::printf(" %20s", candidate);
  std::printf("\n");
}

// Two tables with the same rows: time and allocations.
void PrintTables(const std::string& title, const std::vector<const char*>& candidates,
                 const std::vector<Case>& cases, int rounds) {
  std::vector<std::vector<Figures>> rows;
  PrintHead(title, candidates);
  for (const Case& test : cases) {
    rows.push_back(Measure(test, rounds));
    std::printf("%-46s", test.name.c_str());
    for (const Figures& figures : rows.back()) std::printf(" %17.0f ns", figures.nanos);
    std::printf("\n");
    std::fflush(stdout);
  }
  PrintHead(title + ", allocations", candidates);
  for (size_t i = 0; i < cases.size(); ++i) {
    std::printf("%-46s", cases[i].name.c_str());
    for (const Figures& figures : rows[i]) std::printf(" %13.0f allocs", figures.allocations);
    std::printf("\n");
  }
}

// Keeps a result from being optimised away.
template <typename T>
void Keep(const T& value) {
  asm volatile("" : : "m"(value) : "memory");
}

// Reads the W3C headers as the propagator does, without the API around it.
void Parse(const std::string_view& trace_parent, const std::string_view& trace_state) {
  Keep(trace_parent);
  Keep(trace_state);
  Keep(spandrel::wire::ParseTraceParent(trace_parent));
  Keep(spandrel::wire::CheckTraceState(trace_state));
}

// What the API itself takes to hold a span that exists.
std::function<void()> ApiAlone() {
  const nostd::shared_ptr<trace_api::Span> span(
      new trace_api::DefaultSpan(trace_api::SpanContext::GetInvalid()));
  return [span] {
    context::Context empty;
    Keep(trace_api::SetSpan(empty, span));
  };
}

std::function<void()> Extract(Propagator& propagator, const ArrayCarrier& carrier) {
  return [&propagator, carrier] {
    context::Context empty;
    Keep(propagator.Extract(carrier, empty));
  };
}

std::function<void()> Inject(Propagator& propagator, const ArrayCarrier& carrier) {
  context::Context empty;
  const context::Context context = propagator.Extract(carrier, empty);
  return [&propagator, context] {
    ArrayCarrier headers;
    propagator.Inject(headers, context);
    Keep(headers);
  };
}

std::unique_ptr<Propagator> Theirs(bool baggage) {
  std::vector<std::unique_ptr<Propagator>> both;
  both.push_back(std::make_unique<trace_api::propagation::HttpTraceContext>());
  if (!baggage) return std::move(both.front());
  both.push_back(std::make_unique<opentelemetry::baggage::propagation::BaggagePropagator>());
  return std::make_unique<context::propagation::CompositePropagator>(std::move(both));
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 101;
  std::printf("thread CPU time of one call, median of %d rounds of %d\n", rounds, kCallsARound);
  const auto ours = spandrel::sdk::MakePropagators("tracecontext");
  const auto ours_both = spandrel::sdk::MakePropagators("tracecontext,baggage");
  const auto theirs = Theirs(false);
  const auto theirs_both = Theirs(true);

  PrintTables("W3C headers, without the API", {"spandrel"},
              {{"parse, no tracestate", {[] { Parse(kTraceParent, ""); }}},
               {"parse, 2-member tracestate", {[] { Parse(kTraceParent, kTraceState); }}},
               {"the API's part of an extract", {ApiAlone()}}},
              rounds);

  const auto row = [](const char* name, auto make, Propagator& a, Propagator& b,
                      const ArrayCarrier& carrier) {
    return Case{name, {make(a, carrier), make(b, carrier)}};
  };
  PrintTables(
      "propagation, through the API", {"spandrel", "otel-cpp"},
      {row("extract, no tracestate", Extract, *ours, *theirs, Headers(false, false)),
       row("extract, 2-member tracestate", Extract, *ours, *theirs, Headers(true, false)),
       row("extract, both and baggage", Extract, *ours_both, *theirs_both, Headers(true, true)),
       row("extract, tracecontext+baggage, none there", Extract, *ours_both, *theirs_both, {}),
       row("inject, no tracestate", Inject, *ours, *theirs, Headers(false, false)),
       row("inject, 2-member tracestate", Inject, *ours, *theirs, Headers(true, false)),
       row("inject, both and baggage", Inject, *ours_both, *theirs_both, Headers(true, true))},
      rounds);
  return 0;
}
