// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/b3_propagator.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "sdk/process/id_generator.h"
#include "sdk/propagation/header/b3_header.h"
#include "sdk/propagation/header/propagation_counters.h"
#include "sdk/propagation/propagated_span.h"

namespace spandrel::sdk {
namespace {

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;

constexpr char kSingle[] = "b3";
constexpr char kTraceId[] = "x-b3-traceid";
constexpr char kSpanId[] = "x-b3-spanid";
constexpr char kSampled[] = "x-b3-sampled";
constexpr char kFlags[] = "x-b3-flags";

std::optional<B3Context> CountIfMalformed(std::optional<B3Context> parsed) {
  if (!parsed) CountDropped(PropagationDrop::kMalformedSpan);
  return parsed;
}

// The form that is there and well-formed.
std::optional<B3Context> ReadHeaders(const context::propagation::TextMapCarrier& carrier) {
  const std::string_view single = View(carrier.Get(kSingle));
  if (!single.empty()) {
    if (const auto parsed = CountIfMalformed(ParseB3(single))) return parsed;
  }
  // A carrier may use the memory of one answer for the next, so that texts are kept here.
  struct Text {
    explicit Text(nostd::string_view value) : size(value.size()) {
      std::copy_n(value.data(), std::min(size, sizeof(bytes)), bytes);
    }
    std::string_view view() const { return {bytes, std::min(size, sizeof(bytes))}; }
    size_t size;
    char bytes[33];  // one more than any valid value has
  };
  const Text trace_id(carrier.Get(kTraceId));
  const Text span_id(carrier.Get(kSpanId));
  const Text sampled(carrier.Get(kSampled));
  const Text flags(carrier.Get(kFlags));
  return CountIfMalformed(
      ParseB3(B3Headers{trace_id.view(), span_id.view(), sampled.view(), flags.view()}));
}

wire::TraceParent NewSpan() {
  wire::TraceParent span;
  const uint64_t trace_id[2] = {RandomId(), RandomId()};
  const uint64_t span_id = RandomId();
  std::memcpy(span.trace_id.bytes.data(), trace_id, sizeof(trace_id));
  std::memcpy(span.span_id.bytes.data(), &span_id, sizeof(span_id));
  return span;
}

B3Sampling SamplingOf(const wire::TraceParent& span, const context::Context& context) {
  if (!span.sampled()) return B3Sampling::kDeny;
  return IsDebug(context) ? B3Sampling::kDebug : B3Sampling::kAccept;
}

void SetText(context::propagation::TextMapCarrier& carrier, const char* name,
             std::string_view value) {
  carrier.Set(name, {value.data(), value.size()});
}

// From the single header, whose parts the others are.
void SetMulti(context::propagation::TextMapCarrier& carrier, std::string_view single) {
  SetText(carrier, kTraceId, single.substr(0, 32));
  SetText(carrier, kSpanId, single.substr(33, 16));
  const std::string_view sampling = single.substr(50);
  const bool debug = sampling == "d";
  SetText(carrier, debug ? kFlags : kSampled, debug ? "1" : sampling);
}

}  // namespace

context::Context B3Propagator::Extract(const context::propagation::TextMapCarrier& carrier,
                                       context::Context& context) noexcept {
  const std::optional<B3Context> read = ReadHeaders(carrier);
  if (!read) return context;
  if (!read->span) {
    return read->sampling == B3Sampling::kDeny ? WithRemoteSpan(context, NewSpan(), {}) : context;
  }
  context::Context with_span = WithRemoteSpan(context, *read->span, {});
  return read->sampling == B3Sampling::kDebug ? WithDebug(with_span) : with_span;
}

void B3Propagator::Inject(context::propagation::TextMapCarrier& carrier,
                          const context::Context& context) noexcept {
  ReadSpan(context, [&](const wire::TraceParent& span, std::string_view) {
    const auto single = FormatB3(span, SamplingOf(span, context));
    const std::string_view header(single.data(), single.size());
    if (form_ == Form::kSingle) return SetText(carrier, kSingle, header);
    SetMulti(carrier, header);
  });
}

bool B3Propagator::Fields(nostd::function_ref<bool(nostd::string_view)> callback) const noexcept {
  if (form_ == Form::kSingle) return callback(kSingle);
  return callback(kTraceId) && callback(kSpanId) && callback(kSampled) && callback(kFlags);
}

}  // namespace spandrel::sdk
