// SPDX-License-Identifier: Apache-2.0
#include "sdk/provider/pass_through.h"

#include <memory>

#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/default_span.h"
#include "opentelemetry/trace/tracer.h"

namespace spandrel::sdk {
namespace {

namespace common = opentelemetry::common;
namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;
namespace trace = opentelemetry::trace;
using SpanPtr = nostd::shared_ptr<trace::Span>;

// Of an object that lives as long as the process.
template <typename T>
nostd::shared_ptr<T> Uncounted(T* object) {
  return std::shared_ptr<T>(std::shared_ptr<void>(), object);
}

SpanPtr InvalidSpan() {
  static auto* const span = new trace::DefaultSpan(trace::SpanContext::GetInvalid());
  return Uncounted<trace::Span>(span);
}

// Null when the context has no span.
SpanPtr SpanIn(const context::Context& from) {
  const context::ContextValue value = from.GetValue(trace::kSpanKey);
  const SpanPtr* const span = nostd::get_if<SpanPtr>(&value);
  return span == nullptr ? SpanPtr() : *span;
}

SpanPtr FindParent(const trace::StartSpanOptions& options) {
  if (const auto* given = nostd::get_if<trace::SpanContext>(&options.parent)) {
    if (given->IsValid()) return SpanPtr(new trace::DefaultSpan(*given));
  } else {
    const auto& parent = nostd::get<context::Context>(options.parent);
    if (SpanPtr span = SpanIn(parent)) return span;
    if (trace::IsRootSpan(parent)) return {};
  }
  return SpanIn(context::RuntimeContext::GetCurrent());
}

class PassThroughTracer final : public trace::Tracer {
 public:
  SpanPtr StartSpan(nostd::string_view, const common::KeyValueIterable&,
                    const trace::SpanContextKeyValueIterable&,
                    const trace::StartSpanOptions& options) noexcept override {
    SpanPtr parent = FindParent(options);
    if (!parent) return InvalidSpan();
    if (!parent->IsRecording()) return parent;
    // Another provider's: to be ended by who has made it.
    return SpanPtr(new trace::DefaultSpan(parent->GetContext()));
  }
#if OPENTELEMETRY_ABI_VERSION_NO < 2
  void ForceFlushWithMicroseconds(uint64_t) noexcept override {}
  void CloseWithMicroseconds(uint64_t) noexcept override {}
#endif
};

class Provider final : public trace::TracerProvider {
 public:
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  nostd::shared_ptr<trace::Tracer> GetTracer(nostd::string_view, nostd::string_view,
                                             nostd::string_view,
                                             const common::KeyValueIterable*) noexcept override{
#else
  nostd::shared_ptr<trace::Tracer> GetTracer(nostd::string_view, nostd::string_view,
                                             nostd::string_view) noexcept override {
#endif
      static auto* const tracer = new PassThroughTracer;
  return Uncounted<trace::Tracer>(tracer);
}
};  // namespace

}  // namespace spandrel::sdk

nostd::shared_ptr<trace::TracerProvider> PassThroughProvider() {
  static auto* const provider = new Provider;
  return Uncounted<trace::TracerProvider>(provider);
}

}  // namespace spandrel::sdk
