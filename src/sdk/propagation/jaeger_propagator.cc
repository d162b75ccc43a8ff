// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/jaeger_propagator.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "sdk/propagation/header/baggage_header.h"
#include "sdk/propagation/header/jaeger_header.h"
#include "sdk/propagation/header/propagation_counters.h"
#include "sdk/propagation/propagated_baggage.h"
#include "sdk/propagation/propagated_span.h"

namespace spandrel::sdk {
namespace {

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;

constexpr char kTraceId[] = "uber-trace-id";
constexpr std::string_view kBaggagePrefix = "uberctx-";

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool IsBaggageHeader(std::string_view name) {
  return name.size() > kBaggagePrefix.size() &&
         std::equal(kBaggagePrefix.begin(), kBaggagePrefix.end(), name.begin(),
                    [](char wanted, char c) { return wanted == Lower(c); });
}

void ReadBaggage(const context::propagation::TextMapCarrier& carrier, BaggageReader& reader) {
  carrier.Keys([&](nostd::string_view name) {
    if (!IsBaggageHeader(View(name))) return true;
    reader.ReadPair(View(name).substr(kBaggagePrefix.size()), View(carrier.Get(name)));
    return true;
  });
}

context::Context ExtractSpan(const context::propagation::TextMapCarrier& carrier,
                             context::Context& context) {
  const std::string_view header = View(carrier.Get(kTraceId));
  if (header.empty()) return context;
  const std::optional<JaegerContext> read = ParseJaeger(header);
  if (!read) {
    CountDropped(PropagationDrop::kMalformedSpan);
    return context;
  }
  context::Context with_span = WithRemoteSpan(context, read->span, {});
  return read->debug ? WithDebug(with_span) : with_span;
}

// Writes a header for each entry within the limits of all of them.
class BaggageHeaders {
 public:
  explicit BaggageHeaders(context::propagation::TextMapCarrier& carrier) : carrier_(carrier) {
    std::copy(kBaggagePrefix.begin(), kBaggagePrefix.end(), text_.begin());
  }

  void Add(std::string_view key, std::string_view value) {
    if (!IsBaggageKey(key)) return CountDropped(PropagationDrop::kUnsendableBaggage);
    const size_t room = text_.size() - kBaggagePrefix.size() - used_;
    if (count_ == kMaxBaggageMembers || key.size() > room) {
      return CountDropped(PropagationDrop::kBaggageOverLimit);
    }
    char* const name_end = std::copy(key.begin(), key.end(), text_.data() + kBaggagePrefix.size());
    const char* const end = name_end + (room - key.size());
    char* const value_end = PercentEncode(PlainBaggageValue(value), name_end, end);
    if (value_end == nullptr) return CountDropped(PropagationDrop::kBaggageOverLimit);
    carrier_.Set({text_.data(), static_cast<size_t>(name_end - text_.data())},
                 {name_end, static_cast<size_t>(value_end - name_end)});
    used_ += key.size() + static_cast<size_t>(value_end - name_end);
    ++count_;
  }

 private:
  context::propagation::TextMapCarrier& carrier_;
  size_t count_ = 0;
  size_t used_ = 0;                                                  // by the entries so far
  std::array<char, kBaggagePrefix.size() + kMaxBaggageBytes> text_;  // of one entry
};

}  // namespace

context::Context JaegerPropagator::Extract(const context::propagation::TextMapCarrier& carrier,
                                           context::Context& context) noexcept {
  context::Context with_span = ExtractSpan(carrier, context);
  BaggageReader reader;
  ReadBaggage(carrier, reader);
  return WithBaggage(with_span, reader);
}

void JaegerPropagator::Inject(context::propagation::TextMapCarrier& carrier,
                              const context::Context& context) noexcept {
  ReadSpan(context, [&](const wire::TraceParent& span, std::string_view) {
    const auto header = FormatJaeger({span, IsDebug(context)});
    carrier.Set(kTraceId, {header.data(), header.size()});
  });
  const BaggagePtr baggage = FindBaggage(context);
  if (!baggage) return;
  BaggageHeaders headers(carrier);
  baggage->GetAllEntries([&](nostd::string_view key, nostd::string_view value) {
    headers.Add(View(key), View(value));
    return true;
  });
}

bool JaegerPropagator::Fields(
    nostd::function_ref<bool(nostd::string_view)> callback) const noexcept {
  return callback(kTraceId);
}

}  // namespace spandrel::sdk
