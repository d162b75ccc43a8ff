// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagator.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "opentelemetry/baggage/propagation/baggage_propagator.h"
#include "opentelemetry/context/propagation/composite_propagator.h"
#include "opentelemetry/context/propagation/global_propagator.h"
#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/default_span.h"
#include "sdk/environment.h"

namespace spandrel::sdk {
namespace {

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;
namespace trace_api = opentelemetry::trace;

constexpr char kTraceParent[] = "traceparent";
constexpr char kTraceState[] = "tracestate";
constexpr size_t kTraceParentSize = 55;
constexpr uint8_t kKnownFlags = trace_api::TraceFlags::kAllW3CTraceContext2Flags;

std::string_view Trim(nostd::string_view header) {
  std::string_view text(header.data(), header.size());
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Only lower case, as the recommendation demands.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

template <size_t kSize>
bool ReadHex(std::string_view text, std::array<uint8_t, kSize>& bytes) {
  for (size_t i = 0; i < kSize; ++i) {
    const int high = HexDigit(text[2 * i]);
    const int low = HexDigit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

struct TraceParent {
  std::array<uint8_t, 16> trace_id;
  std::array<uint8_t, 8> span_id;
  uint8_t flags;
};

// https://www.w3.org/TR/trace-context-2/#traceparent-header: later versions may append more behind
// a '-'.
std::optional<TraceParent> ParseTraceParent(std::string_view text) {
  if (text.size() < kTraceParentSize || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  std::array<uint8_t, 1> version;
  std::array<uint8_t, 1> flags;
  TraceParent parent;
  const bool readable = ReadHex(text, version) && ReadHex(text.substr(3), parent.trace_id) &&
                        ReadHex(text.substr(36), parent.span_id) && ReadHex(text.substr(53), flags);
  if (!readable || version[0] == 0xff) return std::nullopt;
  if (text.size() > kTraceParentSize && (version[0] == 0 || text[kTraceParentSize] != '-')) {
    return std::nullopt;
  }
  parent.flags = flags[0] & kKnownFlags;
  return parent;
}

std::string FormatTraceParent(const trace_api::SpanContext& span) {
  std::string text(kTraceParentSize, '-');
  text[0] = text[1] = '0';
  span.trace_id().ToLowerBase16(nostd::span<char, 32>(text.data() + 3, 32));
  span.span_id().ToLowerBase16(nostd::span<char, 16>(text.data() + 36, 16));
  const trace_api::TraceFlags flags(span.trace_flags().flags() & kKnownFlags);
  flags.ToLowerBase16(nostd::span<char, 2>(text.data() + 53, 2));
  return text;
}

std::unique_ptr<context::propagation::TextMapPropagator> MakePropagator(std::string_view name) {
  if (name == "tracecontext") return std::make_unique<TraceContextPropagator>();
  if (name == "baggage") {
    return std::make_unique<opentelemetry::baggage::propagation::BaggagePropagator>();
  }
  if (name != "none") base::LogWarn("spandrel sdk: propagator '{}' is not known", name);
  return nullptr;
}

}  // namespace

context::Context TraceContextPropagator::Extract(
    const context::propagation::TextMapCarrier& carrier, context::Context& context) noexcept {
  const std::optional<TraceParent> parent = ParseTraceParent(Trim(carrier.Get(kTraceParent)));
  if (!parent) return context;
  const trace_api::TraceId trace_id(parent->trace_id);
  const trace_api::SpanId span_id(parent->span_id);
  if (!trace_id.IsValid() || !span_id.IsValid()) return context;

  const std::string_view header = Trim(carrier.Get(kTraceState));
  const nostd::shared_ptr<trace_api::TraceState> trace_state =
      header.empty() ? trace_api::TraceState::GetDefault()
                     : trace_api::TraceState::FromHeader({header.data(), header.size()});
  const trace_api::SpanContext remote(trace_id, span_id, trace_api::TraceFlags(parent->flags), true,
                                      trace_state);
  return trace_api::SetSpan(context,
                            nostd::shared_ptr<trace_api::Span>(new trace_api::DefaultSpan(remote)));
}

void TraceContextPropagator::Inject(context::propagation::TextMapCarrier& carrier,
                                    const context::Context& context) noexcept {
  const trace_api::SpanContext span = trace_api::GetSpan(context)->GetContext();
  if (!span.IsValid()) return;
  carrier.Set(kTraceParent, FormatTraceParent(span));
  if (span.trace_state()->Empty()) return;
  carrier.Set(kTraceState, span.trace_state()->ToHeader());
}

bool TraceContextPropagator::Fields(
    nostd::function_ref<bool(nostd::string_view)> callback) const noexcept {
  return callback(kTraceParent) && callback(kTraceState);
}

void InstallPropagators() {
  std::vector<std::unique_ptr<context::propagation::TextMapPropagator>> propagators;
  const std::string names = EnvText("OTEL_PROPAGATORS").value_or("tracecontext,baggage");
  for (size_t begin = 0; begin <= names.size();) {
    const size_t end = std::min(names.find(',', begin), names.size());
    const std::string name = names.substr(begin, end - begin);
    if (auto propagator = MakePropagator(Trim(name))) propagators.push_back(std::move(propagator));
    begin = end + 1;
  }
  context::propagation::GlobalTextMapPropagator::SetGlobalPropagator(
      nostd::shared_ptr<context::propagation::TextMapPropagator>(
          new context::propagation::CompositePropagator(std::move(propagators))));
}

}  // namespace spandrel::sdk
