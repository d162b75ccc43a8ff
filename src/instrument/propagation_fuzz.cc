// SPDX-License-Identifier: Apache-2.0
// Any header lines, in through any adapter's server side, by any propagator, and out through any
// client side: what goes out is legal in its carrier.
//
// The first byte chooses server and client, the second the propagators; then lines, "name: value".
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "instrument/testing/carrier_pairs.h"
#include "sdk/propagation/propagator.h"
#include "spandrel/context.h"
#include "spandrel/sdk.h"

using namespace spandrel;
using namespace spandrel::instrument;

namespace {

// Nothing is sampled, so that nothing is sent.
opentelemetry::nostd::shared_ptr<opentelemetry::trace::TracerProvider> Tracers() {
  static const sdk::Provider* const provider = [] {
    context::Install();
    sdk::Options options;
    options.sampler.root = sdk::SamplerOptions::Root::kAlwaysOff;
    options.sampler.parent_based = false;
    return new sdk::Provider(sdk::MakeProvider(options));
  }();
  return provider->tracer_provider();
}

struct Propagation {
  explicit Propagation(const char* names)
      : propagator(sdk::MakePropagators(names)), outgoing(Tracers(), propagator) {}
  const PropagatorPtr propagator;
  const Outgoing outgoing;
};

const Propagation& PropagationOf(uint8_t choice) {
  static const auto* const all =
      new std::array<Propagation, 6>{Propagation("tracecontext,baggage"),
                                     Propagation("b3"),
                                     Propagation("b3multi"),
                                     Propagation("jaeger,baggage"),
                                     Propagation("tracecontext,baggage,b3,b3multi,jaeger"),
                                     Propagation("none")};
  return (*all)[choice % all->size()];
}

// A propagator that writes whatever came.
struct Foreign {
  AnyPairs* const pairs = new AnyPairs;
  const Outgoing outgoing{Tracers(), PropagatorPtr(pairs)};
};

Lines SplitLines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t colon = std::min(line.find(": "), line.size());
    lines.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
  }
  return lines;
}

void ExpectLegal(Adapter client, const Lines& sent) {
  for (const Line& line : sent) {
    if (!IsLegal(client, line)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const Adapter server = kServers[data[0] % kServers.size()];
  const Adapter client = kClients[data[0] / kServers.size() % kClients.size()];
  const Lines lines = SplitLines({reinterpret_cast<const char*>(data) + 2, size - 2});
  const Propagation& propagation = PropagationOf(data[1]);
  const Context context = ExtractBy(server, propagation.propagator, lines);
  ExpectLegal(client, InjectBy(client, propagation.outgoing, context));
  if (data[1] >= 0x80) {
    static const auto* const foreign = new Foreign;
    foreign->pairs->pairs = lines;
    ExpectLegal(client, InjectBy(client, foreign->outgoing, context));
  }
  return 0;
}
