// SPDX-License-Identifier: Apache-2.0
#include "sdk/provider/tracer.h"

#include <memory>
#include <utility>
#include <variant>

#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/trace/context.h"
#include "sdk/process/id_generator.h"
#include "sdk/process/span_clock.h"
#include "sdk/process/thread_state.h"
#include "sdk/record/recording_span.h"
#include "sdk/record/span_view.h"
#include "sdk/record/unsampled_span.h"
#include "spandrel/context.h"

namespace spandrel::sdk {
namespace {

namespace common = opentelemetry::common;
namespace api_context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;

constexpr uint8_t kSampled = trace_api::TraceFlags::kIsSampled;
constexpr uint8_t kRandom = trace_api::TraceFlags::kIsRandom;

SpanView ParentIn(const api_context::Context& from) {
  const api_context::ContextValue value = from.GetValue(trace_api::kSpanKey);
  const auto* span = nostd::get_if<nostd::shared_ptr<trace_api::Span>>(&value);
  return span != nullptr && *span ? ViewSpan(**span) : SpanView{};
}

SpanView CurrentParent() {
  if (const trace_api::Span* span = context::CurrentSpan()) return ViewSpan(*span);
  if (context::InUse()) return {};
  return ParentIn(api_context::RuntimeContext::GetCurrent());
}

SpanView FindParent(const trace_api::StartSpanOptions& options) {
  if (const auto* given = nostd::get_if<trace_api::SpanContext>(&options.parent)) {
    if (given->IsValid()) return ViewContext(*given);
    return CurrentParent();
  }
  const api_context::Context& given = nostd::get<api_context::Context>(options.parent);
  SpanView parent = ParentIn(given);
  if (parent.identity.valid()) return parent;
  return trace_api::IsRootSpan(given) ? SpanView{} : CurrentParent();
}

// Without the decision whether it is sampled.
SpanIdentity NewIdentity(const SpanView& parent) {
  SpanIdentity identity;
  if (parent.identity.valid()) {
    identity = parent.identity;
    identity.flags &= kRandom;
  } else {
    identity.trace_id[0] = RandomId();
    identity.trace_id[1] = RandomId();
    identity.flags = kRandom;
  }
  identity.span_id = RandomId();
  return identity;
}

uint64_t RandomOf(const SpanIdentity& identity) {
  return __builtin_bswap64(identity.trace_id[1]);
}

bool IsSampled(const SpanIdentity& identity) {
  return (identity.flags & kSampled) != 0;
}

// A caller may give the start on the system clock, the steady clock or both.
SpanTimes StartTimes(const SpanView& parent, const trace_api::StartSpanOptions& options) {
  const int64_t system = options.start_system_time.time_since_epoch().count();
  const int64_t steady = options.start_steady_time.time_since_epoch().count();
  if (system != 0 && steady != 0) return {steady, system - steady};
  const int64_t now = SteadyNanos();
  const int64_t offset = parent.unix_offset != 0 ? parent.unix_offset : UnixOffset(now);
  if (system != 0) return {system - offset, offset};
  return {steady != 0 ? steady : now, offset};
}

}  // namespace

Tracer::Tracer(const TracerShared& shared, ScopePtr scope)
    : recorder_(shared.buffer, shared.limits, shared.stopped, scope),
      sampler_(shared.sampler),
      shared_(shared),
      scope_(std::move(scope)) {
  // Part of the API's ABI 2 since 1.20.
  [](auto& tracer) {
    if constexpr (requires { tracer.UpdateEnabled(true); }) tracer.UpdateEnabled(true);
  }(*this);
}

nostd::shared_ptr<trace_api::Span> Tracer::StartSpan(
    nostd::string_view name, const common::KeyValueIterable& attributes,
    const trace_api::SpanContextKeyValueIterable& links,
    const trace_api::StartSpanOptions& options) noexcept {
  SpanView parent = FindParent(options);
  SpanIdentity identity = NewIdentity(parent);
  if (!sampler_.simple()) [[unlikely]] {
    return StartSpanWith(identity, std::move(parent), name, attributes, links, options);
  }
  const bool sampled =
      sampler_.Sample(parent.identity.valid(), IsSampled(parent.identity), RandomOf(identity));
  if (sampled) identity.flags |= kSampled;
  return MakeSpan(identity, std::move(parent), name, attributes, links, options);
}

// For samplers that look at more than the ids.
nostd::shared_ptr<trace_api::Span> Tracer::StartSpanWith(
    SpanIdentity identity, SpanView parent, nostd::string_view name,
    const common::KeyValueIterable& attributes, const trace_api::SpanContextKeyValueIterable& links,
    const trace_api::StartSpanOptions& options) {
  SamplingInput input;
  input.random = RandomOf(identity);
  input.has_parent = parent.identity.valid();
  input.parent_sampled = IsSampled(parent.identity);
  input.parent_remote = parent.remote;
  if (parent.trace_state != nullptr) input.trace_state = *parent.trace_state;
  input.name = {name.data(), name.size()};
  input.kind = options.kind;
  input.attributes = &attributes;
  input.links = &links;
  const SampleResult result = sampler_.SampleWith(input);
  if (result.sampled) identity.flags |= kSampled;
  if (result.trace_state != nullptr) {
    parent.trace_state = result.trace_state->empty() ? nullptr : result.trace_state;
  }
  auto span = MakeSpan(identity, std::move(parent), name, attributes, links, options);
  for (const auto& [key, value] : result.attributes) {
    std::visit([&span, &key = key](const auto& v) { span->SetAttribute(key, v); }, value);
  }
  return span;
}

inline nostd::shared_ptr<trace_api::Span> Tracer::MakeSpan(
    const SpanIdentity& identity, SpanView&& parent, nostd::string_view name,
    const common::KeyValueIterable& attributes, const trace_api::SpanContextKeyValueIterable& links,
    const trace_api::StartSpanOptions& options) {
  if (!IsSampled(identity) || recorder_.stopped()) {
    using Allocator = PoolAllocator<UnsampledSpan, &ThreadState::unsampled_spans>;
    return std::shared_ptr<trace_api::Span>(
        std::allocate_shared<UnsampledSpan>(Allocator(), identity, std::move(parent.trace_state)));
  }
  recorder_.CountStart();
  const SpanTimes times = StartTimes(parent, options);
  ParentLink link{parent.identity.valid() ? parent.identity.span_id : 0, parent.remote,
                  std::move(parent.trace_state)};
  using Allocator = PoolAllocator<RecordingSpan, &ThreadState::recording_spans>;
  auto span = std::allocate_shared<RecordingSpan>(Allocator(), recorder_, name, options.kind,
                                                  identity, std::move(link), times);
  span->SetInitial(attributes, links);
  return std::shared_ptr<trace_api::Span>(std::move(span));
}

#if OPENTELEMETRY_ABI_VERSION_NO < 2
void Tracer::ForceFlushWithMicroseconds(uint64_t timeout) noexcept {
  shared_.force_flush(Milliseconds(timeout / 1000));
}

void Tracer::CloseWithMicroseconds(uint64_t timeout) noexcept {
  ForceFlushWithMicroseconds(timeout);
}
#endif

nostd::shared_ptr<trace_api::Tracer> Tracer::NewHandle() {
  handles_.fetch_add(1, std::memory_order_relaxed);
  // What the handle's users did is seen by who finds that it is gone.
  return std::shared_ptr<trace_api::Tracer>(
      this, [this](trace_api::Tracer*) { handles_.fetch_sub(1, std::memory_order_release); });
}

bool Tracer::TryClose(bool& urgent) {
  return handles_.load(std::memory_order_acquire) == 0 && recorder_.TryClose(urgent);
}

}  // namespace spandrel::sdk
