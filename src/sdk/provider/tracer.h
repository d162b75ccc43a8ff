// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "opentelemetry/trace/tracer.h"
#include "sdk/record/span_block.h"
#include "sdk/record/span_buffer.h"
#include "sdk/record/span_identity.h"
#include "sdk/record/span_recorder.h"
#include "sdk/sampling/sampler.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

namespace trace_api = opentelemetry::trace;

struct SpanView;

// What the tracers of one provider share, which outlives them.
struct TracerShared {
  SpanBuffer& buffer;
  const Sampler& sampler;
  const SpanLimits& limits;
  const std::atomic<bool>& stopped;
  std::function<void(Milliseconds)> force_flush;
};

// Makes the spans of one instrumentation scope. Lives as long as somebody has a handle or a
// recorded span of it that has not ended, and until its provider sweeps after that. Thread-safe.
//
// Handles are counted. Spans are too, but each thread counts those that it starts and ends in its
// own slot, so that threads share nothing. Once no handle is left no span can start, and the sums
// over all slots tell whether one is live.
class Tracer final : public trace_api::Tracer {
 public:
  Tracer(const TracerShared& shared, ScopePtr scope);

  // With the provider's lock held, as TryClose.
  opentelemetry::nostd::shared_ptr<trace_api::Tracer> NewHandle();

  // When nobody has the tracer any more, gives its slots back, after which it is to be destroyed.
  // `urgent` as in SpanRecorder::TryClose.
  bool TryClose(bool& urgent);

  opentelemetry::nostd::shared_ptr<trace_api::Span> StartSpan(
      opentelemetry::nostd::string_view name,
      const opentelemetry::common::KeyValueIterable& attributes,
      const trace_api::SpanContextKeyValueIterable& links,
      const trace_api::StartSpanOptions& options) noexcept override;

#if OPENTELEMETRY_ABI_VERSION_NO < 2
  void ForceFlushWithMicroseconds(uint64_t timeout) noexcept override;
  void CloseWithMicroseconds(uint64_t timeout) noexcept override;
#endif

  const Scope& scope() const {
    return *scope_;
  }

 private:
  using SpanPtr = opentelemetry::nostd::shared_ptr<trace_api::Span>;

  SpanPtr StartSpanWith(SpanIdentity identity, SpanView parent,
                        opentelemetry::nostd::string_view name,
                        const opentelemetry::common::KeyValueIterable& attributes,
                        const trace_api::SpanContextKeyValueIterable& links,
                        const trace_api::StartSpanOptions& options);
  SpanPtr MakeSpan(const SpanIdentity& identity, SpanView&& parent,
                   opentelemetry::nostd::string_view name,
                   const opentelemetry::common::KeyValueIterable& attributes,
                   const trace_api::SpanContextKeyValueIterable& links,
                   const trace_api::StartSpanOptions& options);

  SpanRecorder recorder_;
  const Sampler& sampler_;
  [[maybe_unused]] const TracerShared& shared_;  // used with ABI version 1
  const ScopePtr scope_;
  // Apart from what every span reads. Grows with the provider's lock held.
  alignas(64) std::atomic<uint32_t> handles_{0};
};

}  // namespace spandrel::sdk
