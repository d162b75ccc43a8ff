// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "opentelemetry/context/context.h"
#include "opentelemetry/context/propagation/text_map_propagator.h"
#include "spandrel/grpc_options.h"
#include "spandrel/http.h"

// Header lines that come in through any adapter's server side and go out through any adapter's
// client side, and what their carriers allow by the word of nghttp2 and libgrpc.
namespace spandrel::instrument {

using Context = opentelemetry::context::Context;
using PropagatorPtr =
    opentelemetry::nostd::shared_ptr<opentelemetry::context::propagation::TextMapPropagator>;
using Line = std::pair<std::string, std::string>;
using Lines = std::vector<Line>;

enum class Adapter { kHttplib, kCurl, kBeast, kRaw, kGrpc };
inline constexpr std::array kServers = {Adapter::kHttplib, Adapter::kBeast, Adapter::kRaw,
                                        Adapter::kGrpc};
inline constexpr std::array kClients = {Adapter::kHttplib, Adapter::kCurl, Adapter::kBeast,
                                        Adapter::kRaw, Adapter::kGrpc};

// Writes pairs that the test chooses, whatever the context.
class AnyPairs final : public opentelemetry::context::propagation::TextMapPropagator {
 public:
  explicit AnyPairs(Lines pairs = {}) : pairs(std::move(pairs)) {}
  Context Extract(const opentelemetry::context::propagation::TextMapCarrier&,
                  Context& context) noexcept override {
    return context;
  }
  void Inject(opentelemetry::context::propagation::TextMapCarrier& carrier,
              const Context&) noexcept override {
    for (const auto& [name, value] : pairs) carrier.Set(name, value);
  }
  bool Fields(opentelemetry::nostd::function_ref<bool(opentelemetry::nostd::string_view)>)
      const noexcept override {
    return true;
  }

  Lines pairs;
};

// The context of a request with these lines.
Context ExtractBy(Adapter server, const PropagatorPtr& propagator, const Lines& lines);

// Spans' tracer and the propagator that writes the headers of their requests.
struct Outgoing {
  Outgoing(const opentelemetry::nostd::shared_ptr<opentelemetry::trace::TracerProvider>& tracers,
           const PropagatorPtr& propagator) {
    http::Options options;
    options.tracer_provider = tracers;
    options.propagator = propagator;
    http = http::Instrumentation(std::move(options));
    grpc.tracer_provider = tracers;
    grpc.propagator = propagator;
  }

  http::Instrumentation http;
  grpc::Options grpc;
};

// What a call that is made within the context sends.
Lines InjectBy(Adapter client, const Outgoing& outgoing, const Context& context);

// Whether the adapter's carrier may hold the line.
bool IsLegal(Adapter client, const Line& line);

}  // namespace spandrel::instrument
