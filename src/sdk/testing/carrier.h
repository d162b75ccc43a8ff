// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "opentelemetry/baggage/baggage_context.h"
#include "opentelemetry/context/propagation/text_map_propagator.h"
#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/trace_state.h"
#include "sdk/propagation/header/propagation_counters.h"

// For the tests of propagators.
namespace spandrel::sdk {

using Headers = std::map<std::string, std::string>;

class MapCarrier final : public opentelemetry::context::propagation::TextMapCarrier {
 public:
  MapCarrier() = default;
  explicit MapCarrier(Headers set) : headers(std::move(set)) {}

  opentelemetry::nostd::string_view Get(
      opentelemetry::nostd::string_view key) const noexcept override {
    const auto found = headers.find(std::string(key));
    return found == headers.end() ? "" : opentelemetry::nostd::string_view(found->second);
  }
  void Set(opentelemetry::nostd::string_view key,
           opentelemetry::nostd::string_view value) noexcept override {
    headers[std::string(key)] = std::string(value);
  }
  bool Keys(opentelemetry::nostd::function_ref<bool(opentelemetry::nostd::string_view)> callback)
      const noexcept override {
    for (const auto& [key, value] : headers) {
      if (!callback(key)) return false;
    }
    return true;
  }

  Headers headers;
};

template <typename Propagator>
opentelemetry::context::Context ExtractContext(Propagator&& propagator, Headers headers) {
  opentelemetry::context::Context empty;
  return propagator.Extract(MapCarrier(std::move(headers)), empty);
}

template <typename Propagator>
opentelemetry::trace::SpanContext ExtractSpan(Propagator&& propagator, Headers headers) {
  return opentelemetry::trace::GetSpan(ExtractContext(propagator, std::move(headers)))
      ->GetContext();
}

template <typename Propagator>
Headers InjectContext(Propagator&& propagator, const opentelemetry::context::Context& context) {
  MapCarrier carrier;
  propagator.Inject(carrier, context);
  return carrier.headers;
}

inline std::string TraceIdOf(const opentelemetry::trace::SpanContext& span) {
  char digits[32];
  span.trace_id().ToLowerBase16(digits);
  return std::string(digits, sizeof(digits));
}

inline std::string SpanIdOf(const opentelemetry::trace::SpanContext& span) {
  char digits[16];
  span.span_id().ToLowerBase16(digits);
  return std::string(digits, sizeof(digits));
}

using BaggagePairs = std::vector<std::pair<std::string, std::string>>;

inline BaggagePairs PairsOf(const opentelemetry::baggage::Baggage& baggage) {
  BaggagePairs pairs;
  baggage.GetAllEntries(
      [&](opentelemetry::nostd::string_view key, opentelemetry::nostd::string_view value) {
        pairs.emplace_back(std::string(key), std::string(value));
        return true;
      });
  return pairs;
}

inline BaggagePairs PairsOf(const opentelemetry::context::Context& context) {
  return PairsOf(*opentelemetry::baggage::GetBaggage(context));
}

// How many drops of a kind there were since it was made.
class DropsSince {
 public:
  explicit DropsSince(PropagationDrop reason) : reason_(reason) {}
  uint64_t count() const { return PropagationDrops(reason_) - before_; }

 private:
  const PropagationDrop reason_;
  const uint64_t before_ = PropagationDrops(reason_);
};

}  // namespace spandrel::sdk
