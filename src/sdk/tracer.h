// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "opentelemetry/trace/tracer.h"
#include "sdk/sampler.h"
#include "sdk/span_block.h"
#include "sdk/span_buffer.h"
#include "sdk/span_identity.h"
#include "sdk/thread_slots.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

namespace trace_api = opentelemetry::trace;

class ProviderCore;
struct SpanView;

// Makes the spans of one instrumentation scope. Lives as long as somebody has a handle or a
// recorded span of it that has not ended, and until its provider sweeps after that. Thread-safe.
//
// Handles are counted. Spans are too, but each thread counts those that it starts and ends in its
// own slot, so that threads share nothing. Once no handle is left no span can start, and the sums
// over all slots tell whether one is live.
class Tracer final : public trace_api::Tracer {
 public:
  Tracer(ProviderCore& provider, ScopePtr scope);

  // With the provider's lock held, as TryClose.
  opentelemetry::nostd::shared_ptr<trace_api::Tracer> NewHandle();

  // When nobody has the tracer any more, gives its slots back, after which it is to be destroyed.
  // `urgent` as in SpanBuffer::TryCloseLane.
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
  const SpanLimits& limits() const {
    return limits_;
  }

  // Adds the message of an ended span; see SpanBuffer::Add. The tracer may be gone when it returns.
  void Add(std::string_view message) {
    if (ThreadSlot* const slot = FindSlot(lane_index_)) [[likely]]
      return AddTo(*slot, message);
    AddWithoutSlot(message);
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
  void CountStart() {
    if (ThreadSlot* const slot = FindSlot(lane_index_)) [[likely]]
      return slot->started.Add(1);
    CountStartWithoutSlot();
  }
  void CountStartWithoutSlot();
  void AddTo(ThreadSlot& slot, std::string_view message) {
    if (stopped_.load(std::memory_order_relaxed)) [[unlikely]]
      return SpanBuffer::AddLate(slot);
    buffer_.Add(slot, message);
  }
  void AddWithoutSlot(std::string_view message);

  ProviderCore& provider_;
  SpanBuffer& buffer_;
  const Sampler& sampler_;
  const SpanLimits& limits_;
  const std::atomic<bool>& stopped_;
  const ScopePtr scope_;
  SlotLane& lane_;
  const uint32_t lane_index_;
  // Apart from what every span reads. Grows with the provider's lock held.
  alignas(64) std::atomic<uint32_t> handles_{0};
};

}  // namespace spandrel::sdk
