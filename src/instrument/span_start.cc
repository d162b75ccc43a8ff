// SPDX-License-Identifier: Apache-2.0
#include "instrument/span_start.h"

#include "opentelemetry/trace/context.h"

namespace spandrel::instrument {

namespace context = opentelemetry::context;
namespace trace = opentelemetry::trace;

SpanStart::SpanStart(const context::Context& parent, trace::SpanKind kind) {
  options_.parent = parent;
  options_.kind = kind;
}

void SpanStart::LinkToParent() {
  const trace::SpanContext caller =
      trace::GetSpan(nostd::get<context::Context>(options_.parent))->GetContext();
  if (caller.IsValid()) link_ = caller;
  options_.parent = context::Context(trace::kIsRootSpanKey, true);
}

void SpanStart::SetTime(std::chrono::steady_clock::time_point start) {
  const auto age = std::chrono::steady_clock::now() - start;
  options_.start_steady_time = start;
  options_.start_system_time = std::chrono::system_clock::now() - age;
}

http::SpanPtr SpanStart::Run(trace::Tracer& tracer, std::string_view name,
                             const common::KeyValueIterable& attributes) const {
  return tracer.StartSpan(View(name), attributes, *this, options_);
}

bool SpanStart::ForEachKeyValue(
    nostd::function_ref<bool(trace::SpanContext, const common::KeyValueIterable&)> callback)
    const noexcept {
  if (!link_) return true;
  const LazyAttributes none([](AttributeSink&) {});
  return callback(*link_, none);
}

}  // namespace spandrel::instrument
