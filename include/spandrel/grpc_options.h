// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "opentelemetry/context/propagation/text_map_propagator.h"
#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/trace/tracer_provider.h"

// How the calls of a gRPC channel or server are traced (spandrel/grpc.h). The defaults trace all
// calls with the global provider and propagator.
namespace spandrel::grpc {

struct Options {
  // Null: the global provider at the time of each call.
  opentelemetry::nostd::shared_ptr<opentelemetry::trace::TracerProvider> tracer_provider;
  // Null: the global propagator at the time of each call.
  opentelemetry::nostd::shared_ptr<opentelemetry::context::propagation::TextMapPropagator>
      propagator;
  // False: that method ("/package.Service/Method") is not traced. Called by many threads at once.
  std::function<bool(std::string_view method)> filter;
  // An event for each message sent or received.
  bool message_events = false;
  // What a propagator may add to a call's metadata ends where all of it together would be more: a
  // key, its value and 32 bytes for each pair, as gRPC counts. Peers refuse calls over 8 KiB by
  // default, and credentials come on top. A stranger's baggage alone may be that long.
  size_t max_metadata_bytes = 7 << 10;
};

}  // namespace spandrel::grpc
